import { randomUUIDv7 } from 'node:crypto';
import { timestampOf } from '@jobstream/domain';
import type { Response } from 'express';
import { callerOf } from '../auth/caller.ts';
import { requestIdOf } from '../operations/requestLog.ts';

/** What every command brings to the domain, drawn from the request and the clock; the tenant is for what it creates. */
export function commandContext(res: Response, now: number) {
  const { actor, tenant } = callerOf(res);
  return {
    eventId: randomUUIDv7(),
    at: timestampOf(now),
    actor,
    correlationId: requestIdOf(res),
    ...(tenant === undefined ? {} : { tenant }),
  };
}
