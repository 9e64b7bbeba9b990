import type { Schedule } from '@jobstream/domain';
import type { Response } from 'express';
import { entityTag } from '../http/entityTag.ts';
import { sendJson } from '../http/sendJson.ts';
import { scheduleView } from './scheduleView.ts';

/** Answers a schedule. The entity tag is for `If-Match`: ticks, which come and go, do not change it. */
export function answerSchedule(res: Response, status: number, schedule: Schedule): void {
  res.setHeader('ETag', entityTag(schedule.definitionVersion));
  res.setHeader('Cache-Control', 'private, no-store');
  sendJson(res, status, scheduleView(schedule, Date.now()));
}
