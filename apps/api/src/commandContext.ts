import { randomUUIDv7 } from 'node:crypto';
import type { Actor } from '@jobstream/domain';
import type { Response } from 'express';
import { requestIdOf } from './requestLog.ts';

/** Who asks: everyone is the same as long as the API does not authenticate. */
const anonymous: Actor = { kind: 'api', id: 'anonymous' };

/** What every command brings to the domain, drawn from the request and the clock. */
export function commandContext(res: Response, now: number) {
  return {
    eventId: randomUUIDv7(),
    at: new Date(now).toISOString(),
    actor: anonymous,
    correlationId: requestIdOf(res),
  };
}
