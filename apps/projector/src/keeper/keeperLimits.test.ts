import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Archive, ArchiveWriter, FolderStore } from '@jobstream/archive';
import { decideSchedule, defaultCatchUp, isRejection } from '@jobstream/domain';
import type { ScheduleCommand } from '@jobstream/domain';
import { jetstreamManager } from '@nats-io/jetstream';
import type { StreamConfig } from '@nats-io/jetstream';
import { connect, headers } from '@nats-io/transport-node';
import { EXPECTED_FILTER, EXPECTED_SEQUENCE } from '@jobstream/eventlog';
import { eventually, forEachTest } from '@jobstream/testing';
import type { TestNats } from '@jobstream/testing';
import { expect, onTestFinished, test } from 'vitest';
import { keeperStage, MAX_AGE_MS } from '../../testing/keeperStage.ts';
import { archiveSegment } from '../archive/archiveSegment.ts';
import { ArchivedThrough } from './archivedThrough.ts';

const stage = forEachTest(() => keeperStage());
const patience = { timeoutMs: 40_000 };
const first = async () => (await stage.eventLog.messages.span()).first;

async function withNats<Result>(nats: TestNats, use: (client: Awaited<ReturnType<typeof connect>>) => Promise<Result>) {
  const client = await connect({ servers: nats.url });
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

test('what neither the archive nor the table has stays in the log', async () => {
  for (let job = 0; job < 3; job++) await stage.create('waiting');
  let kept = 2;
  await stage.startKeeper({ keptElsewhere: () => Promise.resolve(kept) });
  await eventually(async () => expect(await first()).toBe(3), patience);
  await stage.create('waiting');
  await eventually(async () => expect((await stage.eventLog.prefix.read(3, 1))[0]?.sequence).toBe(3), patience);
  expect(await first()).toBe(3);
  kept = Infinity;
  await stage.aged();
});

test('a job with an event of a newer release keeps its messages in the log, and those behind them', async () => {
  const before = await stage.create('readable');
  const jobId = await stage.create('email');
  await withNats(stage.nats, async (client) => {
    const body = { v: 1, event: 'JobSuspended', id: randomUUID(), jobId, jobType: 'email', version: 2, data: {} };
    const expectation = headers();
    expectation.set(EXPECTED_SEQUENCE, '2');
    expectation.set(EXPECTED_FILTER, `jobs.email.${jobId}.>`);
    client.publish(`jobs.email.${jobId}.suspended`, JSON.stringify(body), { headers: expectation });
    await client.flush();
  });
  await eventually(async () => expect(await stage.eventLog.lastSequence()).toBe(3), patience);
  await stage.startKeeper();
  await eventually(async () => expect(await stage.story(before)).toEqual(['JobCarried']), patience);
  await eventually(async () => expect(await first()).toBe(2), patience);
  expect((await stage.eventLog.readJob(jobId))?.job).toMatchObject({ unreadableEvents: 1 });
});

test('a message of a stranger that says that a job is completed does not make it disappear', async () => {
  const jobId = await stage.create('email');
  const created = (await stage.eventLog.readHistory(jobId))[0]?.event;
  const completed = { ...created, event: 'JobCompleted', id: randomUUID(), data: { attempt: 1, durationMs: 1 } };
  await withNats(stage.nats, async (client) => {
    client.publish(`jobs.email.${jobId}.completed`, JSON.stringify(completed));
    client.publish(`jobs.email.${jobId}.completed`, '');
    await client.flush();
  });
  await stage.startKeeper();
  await stage.aged();
  expect(await stage.eventLog.readJob(jobId)).toMatchObject({ job: { status: 'pending' } });
});

test('a schedule outlives many ages, and a deleted one leaves the log', async () => {
  const { schedules } = stage.eventLog;
  const act = async (name: string, step: object) => {
    const { schedule, sequence } = await schedules.reader.readEnd(name);
    const context = { eventId: randomUUID(), at: new Date().toISOString(), actor: { kind: 'user', id: 'test' } };
    const event = decideSchedule({ ...context, ...step } as ScheduleCommand, schedule);
    if (!isRejection(event)) await schedules.append(event, sequence);
  };
  const settings = { maxAttempts: 3, backoff: { type: 'fixed', delayMs: 100 }, timeoutMs: 60_000, tags: [] };
  const job = { type: 'email', payload: { to: 'user@example.com' }, ...settings };
  const definition = { cron: '0 9 * * *', timeZone: 'UTC', enabled: true, catchUp: defaultCatchUp, job };
  for (const name of ['kept', 'deleted']) await act(name, { kind: 'CreateSchedule', schedule: name, definition });
  await act('deleted', { kind: 'DeleteSchedule' });
  const before = await schedules.reader.read('kept');
  expect(before?.schedule).toMatchObject({ name: 'kept', version: 1 });
  await stage.startKeeper();
  for (let age = 0; age < 3; age++) await stage.aged();
  const { updatedAt: _updatedAt, version: _version, definitionVersion: _definition, ...same } = before?.schedule ?? {};
  expect((await schedules.reader.read('kept'))?.schedule).toMatchObject(same);
  expect(await schedules.reader.names()).toEqual(['kept']);
}, 60_000);

test('only what was in the archive for long enough leaves the log, and nothing if the archive is of another log', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'keeper-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const store = new FolderStore(folder);
  const archive = new Archive(store);
  const { messages } = stage.eventLog;
  const add = async () => {
    const own = new Archive(store);
    const parts = { eventLog: stage.eventLog, archive: own, writer: await ArchiveWriter.open(store, own) };
    await archiveSegment({ ...parts, beginLate: false, stop: new AbortController().signal });
  };
  await stage.create('waiting');
  await add();
  const never = new ArchivedThrough(archive, messages, 60_000);
  const soon = new ArchivedThrough(archive, messages, 50);
  expect([await never.sequence(), await soon.sequence()]).toEqual([0, 0]);
  await eventually(async () => expect(await soon.sequence()).toBe(1), patience);
  await stage.create('waiting');
  await add();
  expect(await soon.sequence()).toBe(1);
  await eventually(async () => expect(await soon.sequence()).toBe(2), patience);
  expect(await never.sequence()).toBe(0);
  await using other = await keeperStage();
  const wrong = new ArchivedThrough(new Archive(store), other.eventLog.messages, 0);
  await expect(wrong.sequence()).rejects.toThrow('the archive belongs to another log');
});

/** Creates the stream JOBS as releases up to 0.2 did. */
function earlierLog(maxAgeMs: number) {
  return (nats: TestNats) =>
    withNats(nats, async (client) => {
      const settings: Partial<StreamConfig> & { readonly name: string } = {
        name: 'JOBS',
        subjects: ['jobs.>', 'schedules.>'],
        discard: 'new',
        max_age: maxAgeMs * 1_000_000,
        ...(maxAgeMs === 0 ? {} : { duplicate_window: maxAgeMs * 1_000_000 }),
        allow_direct: true,
        allow_atomic: true,
        deny_delete: true,
        deny_purge: true,
      };
      await (await jetstreamManager(client)).streams.add(settings);
    });
}

test('where the server expires messages, jobs are carried when half of the age is over', async () => {
  await using earlier = await keeperStage(earlierLog(MAX_AGE_MS));
  expect(earlier.eventLog.prefix.rule).toEqual({ kind: 'aged', maxAgeMs: MAX_AGE_MS });
  const jobId = await earlier.create('waiting');
  await earlier.startKeeper({ keptElsewhere: () => Promise.resolve(0) });
  for (let age = 0; age < 3; age++) await earlier.aged();
  expect(await earlier.eventLog.readJob(jobId)).toMatchObject({ job: { status: 'pending' } });
  const deliveries = await earlier.openQueue('waiting');
  await eventually(() => expect(deliveries.map((one) => one.jobId)).toEqual([jobId]), patience);
}, 60_000);

test('a log of an earlier release that cannot be purged keeps everything', async () => {
  await using earlier = await keeperStage(earlierLog(0));
  await earlier.create('waiting');
  const keeper = await earlier.startKeeper();
  await eventually(async () => {
    const { now } = await earlier.eventLog.prefix.state();
    const [oldest] = await earlier.eventLog.prefix.read(1, 1);
    expect(Date.parse(now) - Date.parse(oldest?.recordedAt ?? now)).toBeGreaterThan(2 * MAX_AGE_MS);
  }, patience);
  await keeper.stop();
  expect(await earlier.eventLog.lastSequence()).toBe(1);
  expect(await earlier.eventLog.messages.span()).toEqual({ first: 1, last: 1 });
});
