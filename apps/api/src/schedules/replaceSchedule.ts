import type { RequestHandler } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import { commandContext } from '../jobs/commandContext.ts';
import { answerSchedule } from './answerSchedule.ts';
import { assertAccepted } from './assertAccepted.ts';
import { changeSchedule } from './changeSchedule.ts';
import { decodeReplaceSchedule } from './decodeSchedule.ts';
import { assertIfMatch } from './ifMatch.ts';
import { scheduleNameOf } from './scheduleNameOf.ts';

/** `PUT /api/schedules/:name`: the whole definition anew. */
export function replaceSchedule(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const name = scheduleNameOf(req);
    const definition = decodeReplaceSchedule(req, name);
    await assertAccepted(name, definition, deps);
    const command = { ...commandContext(res, Date.now()), kind: 'UpdateSchedule', definition } as const;
    const assertAllowed = ({ definitionVersion }: { definitionVersion: number }) =>
      assertIfMatch(req, definitionVersion);
    answerSchedule(res, 200, await changeSchedule({ name, command, assertAllowed }, deps));
  };
}
