import { hash } from 'node:crypto';
import { CreateJobRequest, type NewIdentity, type NewJob } from '@jobstream/creation';
import { canonicalJson, timestampOf, uniqueFaults } from '@jobstream/domain';
import { newId } from '@jobstream/eventlog';
import type { OutboxRow } from '@jobstream/outbox';
import * as Schema from 'effect/Schema';

const decode = Schema.decodeUnknownResult(CreateJobRequest, { onExcessProperty: 'error' });

/** The job of a row: as the API would make it of a request with the same body at the instant `now`; or why it is none. */
export function newJobOf(row: OutboxRow, now: number): NewJob | { readonly reason: string } {
  const body = bodyOf(row);
  const decoded = decode(body);
  if (decoded._tag === 'Failure') return { reason: decoded.failure.message };
  const [fault] = uniqueFaults(body);
  if (fault !== undefined) return { reason: `${fault.pointer} ${fault.detail}` };
  const context = {
    eventId: newId(),
    at: timestampOf(now),
    actor: { kind: 'api', id: 'outbox' },
    ...(row.tenant === null ? {} : { tenant: row.tenant }),
  } as const;
  return { request: decoded.success, identity: identityOf(row, body), context };
}

function bodyOf({ type, payload, options }: OutboxRow): object {
  return {
    type,
    ...(payload === null ? {} : { payload: JSON.parse(payload) as unknown }),
    ...(options === null ? {} : (JSON.parse(options) as object)),
  };
}

function identityOf({ id: jobId, keyDigest }: OutboxRow, body: object): NewIdentity {
  if (keyDigest === null) return { jobId };
  return { jobId, idempotencyKey: keyDigest, fingerprint: hash('sha256', canonicalJson(body)) };
}
