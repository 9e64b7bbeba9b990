import { ScheduleName } from '@jobstream/domain';
import { Schema } from 'effect';
import type { Request, RequestHandler } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import { callerOf, visibleTo } from '../auth/caller.ts';
import { withinDeadline } from '../http/withinDeadline.ts';
import { Problem } from '../problems/problem.ts';

const DEADLINE_MS = 2_400;

/** The path of what concerns one schedule. */
export const SchedulePath = Schema.Struct({ name: ScheduleName });

const isName = Schema.is(ScheduleName);

/** The schedule that the path names. A text that cannot be a name names none. */
export function scheduleNameOf(req: Request): string {
  const name = String(req.params['name']);
  if (!isName(name)) throw noSuchSchedule();
  return name;
}

export function noSuchSchedule(): Problem {
  return new Problem('schedule-not-found', { detail: 'no schedule has this name' });
}

/** As `ownJob`, for the schedule that the path names; also for what is left of one that was deleted. */
export function ownSchedule({ log }: ApiDeps): RequestHandler {
  return withinDeadline(async (req, res, next) => {
    const caller = callerOf(res);
    if (caller.tenant === undefined) return next();
    const snapshot = await log.schedules.reader.read(scheduleNameOf(req));
    if (snapshot?.schedule === undefined || !visibleTo(caller)(snapshot.schedule)) throw noSuchSchedule();
    next();
  }, DEADLINE_MS);
}
