import { exists } from '@jobstream/domain';
import type { RequestHandler } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import { answerSchedule } from './answerSchedule.ts';
import { noSuchSchedule, scheduleNameOf } from './scheduleNameOf.ts';

/** `GET /api/schedules/:name` */
export function getSchedule({ log }: ApiDeps): RequestHandler {
  return async (req, res) => {
    const snapshot = await log.schedules.reader.read(scheduleNameOf(req));
    if (!exists(snapshot?.schedule)) throw noSuchSchedule();
    answerSchedule(res, 200, snapshot.schedule);
  };
}
