import type { Request, RequestHandler, Response } from 'express';
import { handleError } from '../problems/handleError.ts';
import { Problem } from '../problems/problem.ts';

export interface ArrivalDeadlineOptions {
  readonly ms: number;
  /** Paths whose requests may take as long as they like to arrive. */
  readonly except: readonly string[];
}

/**
 * Gives up on requests whose body does not arrive in time. Instead of the server's own limit, which knows no exception.
 */
export function arrivalDeadline({ ms, except }: ArrivalDeadlineOptions): RequestHandler {
  return (req, res, next) => {
    if (hasBody(req) && !except.includes(req.path)) {
      const timer = setTimeout(() => giveUp(req, res), ms);
      req.once('close', () => clearTimeout(timer));
    }
    next();
  };
}

function hasBody({ headers }: Request): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function giveUp(req: Request, res: Response): void {
  if (res.headersSent) return void req.destroy();
  res.once('finish', () => req.destroy());
  res.setHeader('Connection', 'close');
  handleError(new Problem('request-timeout'), req, res, () => undefined);
}
