import type { IRouter, Request, RequestHandler, Response } from 'express';
import { Problem } from './problem.ts';

type Method = 'get' | 'post';

/** Adds a path (or its aliases) with the handlers of each method; other methods are answered with what is allowed. */
export function addRoute(
  router: IRouter,
  path: string | string[],
  handlers: { readonly [Name in Method]?: readonly RequestHandler[] },
): void {
  const route = router.route(path as string);
  if (handlers.get) route.get(...handlers.get);
  if (handlers.post) route.post(...handlers.post);
  const allow = [...(handlers.get ? ['GET', 'HEAD'] : []), ...(handlers.post ? ['POST'] : []), 'OPTIONS'].join(', ');
  route.all((req, res) => answerOthers(req, res, allow));
}

function answerOthers(req: Request, res: Response, allow: string): void {
  const headers = { Allow: allow };
  if (req.method !== 'OPTIONS') throw new Problem('method-not-allowed', { detail: `allowed: ${allow}`, headers });
  res.setHeader('Allow', allow);
  res.statusCode = 204;
  res.end();
}
