import type { RequestHandler } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import { noSuchSchedule, scheduleNameOf } from '../schedules/scheduleNameOf.ts';
import { withinDeadline } from '../http/withinDeadline.ts';
import { callerOf } from './caller.ts';
import { visibleTo } from './visibleTo.ts';

const DEADLINE_MS = 2_400;

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
