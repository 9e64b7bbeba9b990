import type { RequestHandler } from 'express';
import { Problem } from '../problems/problem.ts';

// A little below the 5 s that are promised for every answer.
const DEADLINE_MS = 4_800;

/** A handler that gives up in time, even if several steps of it are slow, each within its own limit. */
export function withinDeadline(handler: RequestHandler, deadlineMs = DEADLINE_MS): RequestHandler {
  return async (req, res, next) => {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new Problem('deadline-exceeded')), deadlineMs);
    try {
      await Promise.race([handler(req, res, next), late]);
    } finally {
      clearTimeout(timer);
    }
  };
}
