import type { Request, RequestHandler, Response } from 'express';

/** Looks at a request before its route does. Throws a Problem to refuse it. */
export type Check = (req: Request, res: Response) => void;

/** Makes one middleware of these checks, in this order: the router takes about as long for each of its layers as they do. */
export function checkAll(checks: readonly Check[]): RequestHandler {
  return (req, res, next) => {
    for (const check of checks) check(req, res);
    next();
  };
}
