import type { IRouter, Request, RequestHandler, Response } from 'express';
import { needs, requirementOf } from '../auth/needs.ts';
import { Problem } from '../problems/problem.ts';
import { METHODS, type Route } from './route.ts';

/** Adds a route; methods that it does not have are answered with what is allowed. */
export function addRoute(router: IRouter, route: Route): void {
  const added = router.route([route.path, ...(route.aliases ?? [])] as unknown as string);
  const allowed: string[] = [];
  for (const method of METHODS) {
    const endpoint = route[method];
    if (endpoint === undefined) continue;
    added[method](...declared(endpoint.handlers));
    allowed.push(method === 'get' ? 'GET, HEAD' : method.toUpperCase());
  }
  const allow = [...allowed, 'OPTIONS'].join(', ');
  added.all((req, res) => answerOthers(req, res, allow));
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
