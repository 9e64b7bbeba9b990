import type { IRouter, Request, RequestHandler, Response } from 'express';
import { needs, requirementOf } from '../auth/needs.ts';
import { Problem } from '../problems/problem.ts';

type Method = 'get' | 'post' | 'put' | 'delete';

const METHODS: readonly Method[] = ['get', 'post', 'put', 'delete'];

/**
 * Adds a path (or its aliases) with the handlers of each method; other methods are answered with what is allowed. The
 * first handler declares what callers need; where it does not, only administrators pass.
 */
export function addRoute(
  router: IRouter,
  path: string | string[],
  handlers: { readonly [Name in Method]?: readonly RequestHandler[] },
): void {
  const route = router.route(path as string);
  const allowed: string[] = [];
  for (const method of METHODS) {
    const handling = handlers[method];
    if (handling === undefined) continue;
    route[method](...declared(handling));
    allowed.push(method === 'get' ? 'GET, HEAD' : method.toUpperCase());
  }
  const allow = [...allowed, 'OPTIONS'].join(', ');
  route.all((req, res) => answerOthers(req, res, allow));
}

function declared(handling: readonly RequestHandler[]): readonly RequestHandler[] {
  return requirementOf(handling[0]) === undefined ? [needs('admin'), ...handling] : handling;
}

function answerOthers(req: Request, res: Response, allow: string): void {
  const headers = { Allow: allow };
  if (req.method !== 'OPTIONS') throw new Problem('method-not-allowed', { detail: `allowed: ${allow}`, headers });
  res.setHeader('Allow', allow);
  res.statusCode = 204;
  res.end();
}
