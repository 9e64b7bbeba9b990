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

/** The keys of a log that has one; `noteIsStored` and `keyIsErased` say what succeeds when it is destroyed. */
function keysWithOne({ noteIsStored, keyIsErased }: { noteIsStored: boolean; keyIsErased: boolean }) {
  const asked: string[] = [];
  let stored: StoredMessage | undefined;
  const publish = (subject: string, body: Uint8Array, _headers: unknown, onOutcome: OnOutcome) => {
    const [text, expectation] = [Buffer.from(body).toString(), { sequence: 0, filter: undefined }];
    const isKey = stored === undefined;
    stored ??= { sequence: 1, subject, recordedAt: '', expectation, text, header: () => undefined };
    if (!isKey) asked.push('note');
    onOutcome(isKey || noteIsStored ? { kind: 'stored', sequence: 1 } : { kind: 'unknown', reason: 'no answer' });
  };
  const deleteMessage = async () => {
    asked.push('erase');
    if (!keyIsErased) throw new Error('no answer');
    return true;
  };
  const keys = new JobKeys({
    manager: { streams: { deleteMessage } } as unknown as JetStreamManager,
    publisher: { publish },
    leader: { lastMessage: async () => stored },
    masterKeys: [{ id: 'test', secret: randomBytes(32) }],
    deadlineMs: 100,
  });
  return { keys, asked };
}

test.each([
  [{ noteIsStored: true, keyIsErased: true }, ['note', 'erase'], 'destroyed'],
  [{ noteIsStored: true, keyIsErased: false }, ['note', 'erase'], 'the key could not be destroyed'],
  [{ noteIsStored: false, keyIsErased: true }, ['note'], 'the key could not be destroyed'],
])('a key is destroyed after it is noted, and a failure is reported: %o', async (outcomes, steps, outcome) => {
  const { keys, asked } = keysWithOne(outcomes);
  const jobId = randomUUID();
  await keys.create(jobId);
  expect(
    await keys.shred(jobId).then(
      () => 'destroyed',
      (error: Error) => error.message,
    ),
  ).toContain(outcome);
  expect(asked).toEqual(steps);
});
