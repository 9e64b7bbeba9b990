import { ScheduleName } from '@jobstream/domain';
import * as Schema from 'effect/Schema';
import type { Request, RequestHandler } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import { callerOf, visibleTo } from '../auth/caller.ts';
import { withinDeadline } from '../http/withinDeadline.ts';
import { Problem } from '../problems/problem.ts';

/** The path parameters of one schedule. */
export const SchedulePath = Schema.Struct({ name: ScheduleName });

const isName = Schema.is(ScheduleName);

/**
 * Returns the schedule name in the path.
 *
 * @throws Problem `schedule-not-found` for a text that is not a name.
 */
export function scheduleNameOf(req: Request): string {
  const name = String(req.params['name']);
  if (!isName(name)) throw noSuchSchedule();
  return name;
}

export function noSuchSchedule(): Problem {
  return new Problem('schedule-not-found', { detail: 'no schedule has this name' });
}

/** Makes a handler that hides schedules of other tenants, also deleted ones, from a caller with a tenant. */
export function ownSchedule({ log }: ApiDeps): RequestHandler {
  return withinDeadline(async (req, res, next) => {
    const caller = callerOf(res);
    if (caller.tenant === undefined) return next();
    const snapshot = await log.schedules.reader.read(scheduleNameOf(req));
    if (snapshot?.schedule === undefined || !visibleTo(caller)(snapshot.schedule)) throw noSuchSchedule();
    next();
  }, 'ownerMs');
}
