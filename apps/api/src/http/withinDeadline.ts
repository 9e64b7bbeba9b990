import type { RequestHandler } from 'express';
import { Problem } from '../problems/problem.ts';
import type { RequestLimits } from './requestLimits.ts';

/** Limits a handler, even if several steps of it are slow within their own limits. */
export function withinDeadline(
  handler: RequestHandler,
  limit: Extract<keyof RequestLimits, 'handlerMs' | 'ownerMs'> = 'handlerMs',
): RequestHandler {
  return async (req, res, next) => {
    let late = false;
    const giveUp = () => {
      late = true;
      next(new Problem('deadline-exceeded'));
    };
    const limits = req.app.locals['limits'] as RequestLimits;
    const timer = setTimeout(giveUp, limits[limit]);
    try {
      await handler(req, res, next);
    } catch (error) {
      if (!late) throw error;
    } finally {
      clearTimeout(timer);
    }
  };
}
