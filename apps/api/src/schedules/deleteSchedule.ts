import type { RequestHandler } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import { commandContext } from '../jobs/commandContext.ts';
import { changeSchedule } from './changeSchedule.ts';
import { assertIfMatch } from './ifMatch.ts';
import { scheduleNameOf } from './scheduleNameOf.ts';

/** `DELETE /api/schedules/:name`: its history stays, and so do the jobs that it created. */
export function deleteSchedule(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const name = scheduleNameOf(req);
    const command = { ...commandContext(res, Date.now()), kind: 'DeleteSchedule' } as const;
    const assertAllowed = ({ definitionVersion }: { definitionVersion: number }) =>
      assertIfMatch(req, definitionVersion);
    await changeSchedule({ name, command, assertAllowed }, deps);
    res.statusCode = 204;
    res.end();
  };
}
