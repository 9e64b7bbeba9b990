import type { RequestHandler } from 'express';
import { Problem } from '../problems/problem.ts';

// A little below the 5 s within which every request is answered.
const DEADLINE_MS = 4_800;

/** Limits a handler to a deadline (milliseconds), even if several steps of it are slow within their own limits. */
export function withinDeadline(handler: RequestHandler, deadlineMs = DEADLINE_MS): RequestHandler {
  return async (req, res, next) => {
    let late = false;
    const giveUp = () => {
      late = true;
      next(new Problem('deadline-exceeded'));
    };
    const timer = setTimeout(giveUp, deadlineMs);
    try {
      await handler(req, res, next);
    } catch (error) {
      if (!late) throw error;
    } finally {
      clearTimeout(timer);
    }
  };
}
