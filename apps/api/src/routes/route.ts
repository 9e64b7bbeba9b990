import type { IRouter, Request, RequestHandler, Response } from 'express';
import { audited, type AuditedChange } from '../audit/auditedChange.ts';
import { requirementOf, requireScope } from '../auth/requireScope.ts';
import { Problem } from '../problems/problem.ts';
import type { EndpointDocs } from './endpointDocs.ts';

export const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;
type Method = (typeof METHODS)[number];

/** The handlers of one method of a path, and their description. */
export interface Endpoint {
  readonly docs: EndpointDocs;
  /** The first one declares the requirement; without it, the endpoint requires the scope `admin`. */
  readonly handlers: readonly RequestHandler[];
  /** What the audit log has of it. Only what reads, and what creates jobs, has none. */
  readonly audit?: AuditedChange;
}

/** A path, its endpoints, and aliases of the path. */
export interface Route extends Readonly<Partial<Record<Method, Endpoint>>> {
  readonly path: string;
  readonly aliases?: readonly string[];
}

/** Adds a route to the app; other methods are answered 405, and OPTIONS with the allowed ones. */
export function addRoute(router: IRouter, route: Route): void {
  const added = router.route([route.path, ...(route.aliases ?? [])] as unknown as string);
  const allowed: string[] = [];
  for (const method of METHODS) {
    const endpoint = route[method];
    if (endpoint === undefined) continue;
    added[method](...declared(recorded(endpoint)));
    allowed.push(method === 'get' ? 'GET, HEAD' : method.toUpperCase());
  }
  const allow = [...allowed, 'OPTIONS'].join(', ');
  added.all((req, res) => respondToOtherMethods(req, res, allow));
}

/** The last handler makes the change; those before it authenticate and read the body. */
function recorded({ handlers, audit }: Endpoint): readonly RequestHandler[] {
  const last = handlers.at(-1);
  return audit === undefined || last === undefined ? handlers : [...handlers.slice(0, -1), audited(audit, last)];
}

function declared(handling: readonly RequestHandler[]): readonly RequestHandler[] {
  return requirementOf(handling[0]) === undefined ? [requireScope('admin'), ...handling] : handling;
}

function respondToOtherMethods(req: Request, res: Response, allow: string): void {
  const headers = { Allow: allow };
  if (req.method !== 'OPTIONS') throw new Problem('method-not-allowed', { detail: `allowed: ${allow}`, headers });
  res.setHeader('Allow', allow);
  res.statusCode = 204;
  res.end();
}
