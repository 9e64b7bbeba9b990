import type { Express, RequestHandler } from 'express';
import { isAudited } from '../src/audit/auditedChange.ts';
import { type Requirement, requirementOf } from '../src/auth/requireScope.ts';

export interface DeclaredRoute {
  readonly method: string;
  /** The pattern, without aliases. */
  readonly path: string;
  /** Undefined if the route does not declare a requirement. */
  readonly requirement: Requirement | undefined;
  /** Whether the audit log has it. */
  readonly audited: boolean;
}

/** The router of Express: documented parts, and parts that it has had for years. */
interface Layer {
  readonly method?: string;
  readonly handle: RequestHandler & { readonly stack?: readonly Layer[] };
  readonly route?: { readonly path: string | readonly string[]; readonly stack: readonly Layer[] };
}

/** Returns all routes of an app, also those added without `addRoute`. */
export function declaredRoutes(app: Express): readonly DeclaredRoute[] {
  return routesIn((app.router as unknown as { stack: readonly Layer[] }).stack);
}

function routesIn(layers: readonly Layer[]): DeclaredRoute[] {
  return layers.flatMap(({ route, handle }) => (route === undefined ? routesIn(handle.stack ?? []) : methodsOf(route)));
}

function methodsOf({ path, stack }: NonNullable<Layer['route']>): DeclaredRoute[] {
  const first = new Map<string, RequestHandler>();
  const last = new Map<string, RequestHandler>();
  for (const { method, handle } of stack) {
    if (method === undefined) continue;
    if (!first.has(method)) first.set(method, handle);
    last.set(method, handle);
  }
  const pattern = typeof path === 'string' ? path : (path[0] ?? '');
  return [...first].map(([method, handle]) => ({
    method: method.toUpperCase(),
    path: pattern,
    requirement: requirementOf(handle),
    audited: isAudited(last.get(method)),
  }));
}
