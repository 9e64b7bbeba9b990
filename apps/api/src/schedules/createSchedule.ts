import type { RequestHandler } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import { commandContext } from '../jobs/commandContext.ts';
import { answerSchedule } from './answerSchedule.ts';
import { assertAccepted } from './assertAccepted.ts';
import { changeSchedule } from './changeSchedule.ts';
import { decodeCreateSchedule } from './decodeSchedule.ts';

/** `POST /api/schedules` */
export function createSchedule(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const { name, definition } = decodeCreateSchedule(req);
    await assertAccepted(name, definition, deps);
    const context = commandContext(res, Date.now());
    const command = { ...context, kind: 'CreateSchedule', schedule: name, definition } as const;
    const schedule = await changeSchedule({ name, command }, deps);
    res.setHeader('Location', `/api/schedules/${name}`);
    answerSchedule(res, 201, schedule);
  };
}
