import type { RequestHandler } from 'express';
import { Problem } from '../problems/problem.ts';

// A little below the 5 s that are promised for every answer.
const DEADLINE_MS = 4_800;

/** A handler that gives up in time, even if several steps of it are slow, each within its own limit. */
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
