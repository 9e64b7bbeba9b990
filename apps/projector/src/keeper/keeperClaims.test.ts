import { randomUUID } from 'node:crypto';
import type { JobEvent, Unique } from '@jobstream/domain';
import { ConcurrentAppendError, type StoredClaim } from '@jobstream/eventlog';
import { eventually, newJob } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { keeperStage, type KeeperStage } from '../../testing/keeperStage.ts';

const AGES = 3;
const started = { kind: 'StartAttempt', worker: 'worker-1' } as const;
const completed = { kind: 'CompleteAttempt', attempt: 1, durationMs: 1 } as const;
const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();

async function createUnique(
  { eventLog }: KeeperStage,
  rule: Unique,
  until?: string,
): Promise<{ id: string; key: string }> {
  const event = newJob(undefined, 'mail');
  const key = randomUUID();
  const unique = { ...event, data: { ...event.data, unique: rule, uniqueKey: key } } as JobEvent;
  await eventLog.append(unique, 0, { key, after: 0, until });
  return { id: event.jobId, key };
}

function existing(claim: StoredClaim | undefined): StoredClaim {
  if (claim === undefined) throw new Error('nobody has claimed the key');
  return claim;
}

test.concurrent(
  'the claim of a job that has not ended outlives many ages of the log, and goes with its end',
  async () => {
    await using stage = await keeperStage();
    const { id, key } = await createUnique(stage, { by: ['type'], while: 'unfinished' });
    await stage.startKeeper();
    for (let age = 0; age < AGES; age++) await stage.aged();
    const claim = await stage.eventLog.unique.newest(key);
    expect(claim).toMatchObject({ jobId: id, jobType: 'mail', renewed: true });
    expect(await stage.eventLog.readJob(id)).toMatchObject({
      job: { uniqueKey: key, unique: { while: 'unfinished' } },
    });
    await stage.act(id, started);
    await stage.act(id, completed);
    await eventually(async () => expect(await stage.eventLog.unique.newest(key)).toBeUndefined());
  },
);

test.concurrent('the claim of a job that has ended stays until its time', async () => {
  await using stage = await keeperStage();
  const { id, key } = await createUnique(stage, { by: ['type'], forMs: 3_600_000 }, inAnHour());
  const over = await createUnique(stage, { by: ['type'], forMs: 1_000 }, new Date().toISOString());
  for (const one of [id, over.id]) {
    await stage.act(one, started);
    await stage.act(one, completed);
  }
  await stage.startKeeper();
  for (let age = 0; age < AGES; age++) await stage.aged();
  expect(await stage.eventLog.readJob(id)).toBeUndefined();
  expect(await stage.eventLog.unique.newest(key)).toMatchObject({ jobId: id, renewed: true });
  expect(await stage.eventLog.unique.newest(over.key)).toBeUndefined();
});

test.concurrent('a claim whose job was never stored is not renewed', async () => {
  await using stage = await keeperStage();
  const { key } = await createUnique(stage, { by: ['type'], while: 'unfinished' });
  const claim = await stage.eventLog.unique.newest(key);
  await stage.eventLog.unique.renew(key, { ...existing(claim), jobId: randomUUID() });
  await stage.startKeeper();
  await stage.aged();
  expect(await stage.eventLog.unique.newest(key)).toBeUndefined();
});

test.concurrent('a key that is claimed while it is renewed is left to the other', async () => {
  await using stage = await keeperStage();
  const { key } = await createUnique(stage, { by: ['type'], while: 'unfinished' });
  const claim = await stage.eventLog.unique.newest(key);
  const event = newJob(undefined, 'mail');
  await stage.eventLog.append(event, 0, { key, after: existing(claim).sequence });
  await expect(stage.eventLog.unique.renew(key, existing(claim))).rejects.toThrow(ConcurrentAppendError);
  await stage.startKeeper();
  await stage.aged();
  expect(await stage.eventLog.unique.newest(key)).toMatchObject({ jobId: event.jobId });
});
