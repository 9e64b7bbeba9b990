import { randomBytes, randomUUID } from 'node:crypto';
import type { JetStreamManager } from '@nats-io/jetstream';
import { expect, test } from 'vitest';
import type { StoredMessage } from '../read/directReader.ts';
import { LogUnavailableError } from '../errors.ts';
import type { OnOutcome } from '../connection/publisher.ts';
import { JobKeys } from './jobKeys.ts';

/** Keys whose publishes are not acknowledged; with `stores` they are stored all the same. */
function keysWithoutAcks({ stores }: { stores: boolean }): JobKeys {
  let newest: StoredMessage | undefined;
  const publish = (subject: string, body: Uint8Array, _headers: unknown, onOutcome: OnOutcome) => {
    const text = Buffer.from(body).toString();
    const expectation = { sequence: 0, filter: undefined };
    if (stores) newest = { sequence: 1, subject, recordedAt: '', expectation, text, header: () => undefined };
    onOutcome({ kind: 'unknown', reason: 'no acknowledgement in time' });
  };
  return new JobKeys({
    manager: {} as JetStreamManager,
    publisher: { publish },
    leader: { lastMessage: async () => newest },
    masterKeys: [{ id: 'test', secret: randomBytes(32) }],
    deadlineMs: 100,
  });
}

test('a key that was stored without an acknowledgement is found', async () => {
  const keys = keysWithoutAcks({ stores: true });
  const jobId = randomUUID();
  const created = await keys.create(jobId);
  expect(created.kind).toBe('key');
  expect(await keys.find(jobId)).toEqual(created);
});

test('a key that may not be stored is not used', async () => {
  await expect(keysWithoutAcks({ stores: false }).create(randomUUID())).rejects.toThrow(LogUnavailableError);
});
