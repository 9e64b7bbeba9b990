import { exists, jobTagsOf, requestOfTemplate } from '@jobstream/domain';
import * as Schema from 'effect/Schema';
import type { RequestHandler } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import { commandContext } from '../auth/caller.ts';
import { bodyDecoder } from '../http/parsing/decodeBody.ts';
import { appendAndRespond, identityOf } from '../jobs/create/createJob.ts';
import { readIdempotencyKey } from '../jobs/create/idempotency.ts';
import { noSuchSchedule, scheduleNameOf } from './schedulePath.ts';

/** The optional body of `POST /api/schedules/:name/run`. */
export const RunScheduleRequest = Schema.Struct({
  reason: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(1_000))),
});

const decode = bodyDecoder(RunScheduleRequest);

/** `POST /api/schedules/:name/run`: creates the job of a tick, also of a disabled schedule. Its ticks stay as they are. */
export function runSchedule(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const name = scheduleNameOf(req);
    const key = readIdempotencyKey(req);
    const origin = req.body === undefined ? {} : decode(req.body);
    const snapshot = await deps.log.schedules.reader.read(name);
    if (!exists(snapshot?.schedule)) throw noSuchSchedule();
    const { job, tenant } = snapshot.schedule;
    const { tenant: _tenant, ...ofCaller } = commandContext(res, deps.log.clock.now());
    const context = {
      ...ofCaller,
      causationId: `${name}@${ofCaller.at}`,
      ...(tenant === undefined ? {} : { tenant }),
    };
    const request = { ...requestOfTemplate(job), tags: jobTagsOf(snapshot.schedule) };
    const identity = identityOf(key, { schedule: name, ...origin });
    await appendAndRespond({ request, identity, origin, context }, res, deps);
  };
}
