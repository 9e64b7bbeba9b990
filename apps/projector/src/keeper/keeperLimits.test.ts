import { randomUUID } from 'node:crypto';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Archive, ArchiveWriter, FolderStore } from '@jobstream/archive';
import { decideSchedule, defaultCatchUp, isRejection } from '@jobstream/domain';
import type { JobEvent, ScheduleCommand } from '@jobstream/domain';
import type { LogPrefix } from '@jobstream/eventlog';
import { createLogger } from '@jobstream/runtime';
import { eventually, newJob } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { type KeeperStage, keeperStage, MAX_AGE_MS } from '../../testing/keeperStage.ts';
import { archiveSegment } from '../archive/archiveSegment.ts';
import { ArchivedThrough } from './archivedThrough.ts';
import type { KeeperOptions } from './keeper.ts';

const firstOf = async ({ eventLog }: KeeperStage) => (await eventLog.messages.span()).first;

test.concurrent('what neither the archive nor the table has stays in the log', async () => {
  await using stage = await keeperStage();
  for (let job = 0; job < 3; job++) await stage.create('waiting');
  let kept = 2;
  await stage.startKeeper({ keptElsewhere: () => Promise.resolve(kept) });
  await eventually(async () => expect(await firstOf(stage)).toBe(3));
  await stage.create('waiting');
  await eventually(async () => expect((await stage.eventLog.prefix.read(3, 1))[0]?.sequence).toBe(3));
  expect(await firstOf(stage)).toBe(3);
  kept = Infinity;
  await stage.aged();
});

test.concurrent('a log that could not be shortened is not said to be shorter, and shortened later', async () => {
  await using stage = await keeperStage();
  await stage.create('waiting');
  const told: string[] = [];
  const observer = {
    carried: () => {},
    failed: () => void told.push('failed'),
    purged: () => void told.push('purged'),
  };
  const purge = stage.eventLog.prefix.purgeBefore.bind(stage.eventLog.prefix);
  const purgeBefore = async (sequence: number) => {
    if (told.length === 0) throw new Error('refused');
    await purge(sequence);
  };
  await stage.startKeeper({ eventLog: logWith(stage, { purgeBefore }), observer });
  await stage.aged();
  await eventually(() => expect(told.slice(0, 2)).toEqual(['failed', 'purged']));
});

test.concurrent('a log that grows with every look at it is shortened all the same', async () => {
  await using stage = await keeperStage();
  const jobId = await stage.create('waiting');
  const read = async (sequence: number, count: number) => {
    await stage.create('waiting');
    return stage.eventLog.prefix.read(sequence, count);
  };
  await stage.startKeeper({ eventLog: logWith(stage, { read }), intervalMs: 500 });
  await eventually(async () => expect(await stage.story(jobId)).toEqual(['JobCarried']));
});

test.concurrent.each([1, 2])(
  'a job whose event %i is of a newer release keeps its messages in the log, and those behind them',
  async (newer) => {
    await using stage = await keeperStage();
    const before = await stage.create('readable');
    const jobId = newer === 1 ? randomUUID() : await stage.create('email');
    const created = { ...newJob(undefined, 'email'), jobId } as const;
    const event = { ...created, v: 2, version: newer } as unknown as JobEvent;
    if (newer === 1) await stage.eventLog.append(event, 0);
    else await stage.eventLog.append({ ...event, event: 'JobCancelled', data: {} }, 2);
    const [purged, looks]: [number[], number[]] = [[], []];
    const observer = { carried: () => {}, failed: () => {}, purged: (messages: number) => void purged.push(messages) };
    const logger = createLogger({ service: 'projector', level: 'silent' });
    const warn = ({ sequence }: { sequence: number }) => void looks.push(sequence);
    await stage.startKeeper({ observer, logger: Object.assign(Object.create(logger), { warn }) });
    await eventually(async () => expect(await stage.story(before)).toEqual(['JobCarried']));
    await eventually(async () => expect(await firstOf(stage)).toBe(2));
    await eventually(() => expect(looks.length).toBeGreaterThan(3));
    expect(new Set(looks)).toEqual(new Set([2]));
    expect(purged).toEqual([1]);
    expect((await stage.eventLog.prefix.storedHistory(jobId, 'email')).events).toHaveLength(newer);
  },
);

test.concurrent(
  'an event that says against the rules that a job is completed does not make the job disappear',
  async () => {
    await using stage = await keeperStage();
    const jobId = await stage.create('email');
    const [created] = await stage.eventLog.readHistory(jobId);
    const completed = { ...created?.event, id: randomUUID(), event: 'JobCompleted', version: 2 };
    await stage.eventLog.append({ ...completed, data: { attempt: 1, durationMs: 1 } } as JobEvent, 1);
    await stage.startKeeper();
    await stage.aged();
    expect(await stage.eventLog.readJob(jobId)).toMatchObject({ job: { status: 'pending' } });
  },
);

test.concurrent('a schedule outlives many ages, and a deleted one leaves the log', async () => {
  await using stage = await keeperStage();
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
});

test.concurrent(
  'only what was in the archive for long enough leaves the log, and nothing if the archive is of another log',
  async () => {
    await using stage = await keeperStage();
    await using folder = await mkdtempDisposable(path.join(tmpdir(), 'keeper-'));
    const store = new FolderStore(folder.path);
    const archive = new Archive(store);
    const { messages } = stage.eventLog;
    const add = async () => {
      const own = new Archive(store);
      const parts = { eventLog: stage.eventLog, archive: own, writer: await ArchiveWriter.open(store, own) };
      await archiveSegment({ ...parts, beginLate: false, stop: new AbortController().signal });
    };
    await stage.create('waiting');
    await add();
    const never = new ArchivedThrough(archive, messages, { settleMs: 60_000 });
    const soon = new ArchivedThrough(archive, messages, { settleMs: 50 });
    expect([await never.sequence(), await soon.sequence()]).toEqual([0, 0]);
    await eventually(async () => expect(await soon.sequence()).toBe(1));
    await stage.create('waiting');
    await add();
    expect(await soon.sequence()).toBe(1);
    await eventually(async () => expect(await soon.sequence()).toBe(2));
    expect(await never.sequence()).toBe(0);
    await using other = await keeperStage();
    const wrong = new ArchivedThrough(new Archive(store), other.eventLog.messages, { settleMs: 0, patienceMs: 50 });
    await expect(wrong.sequence()).rejects.toThrow('the archive belongs to another log');
    await other.create('waiting');
    await other.create('waiting');
    await expect(wrong.sequence()).rejects.toThrow('message 2 of the log differs from the archived one');
  },
);

/** The log with another beginning: for example as if messages left it in another way, though they stay. */
function logWith(
  { eventLog }: KeeperStage,
  change: Partial<Pick<LogPrefix, 'rule' | 'read' | 'purgeBefore'>>,
): KeeperOptions['eventLog'] {
  const { rule } = eventLog.prefix;
  const methods = ['state', 'read', 'storedAt', 'storedHistory', 'purgeBefore'] as const;
  const bound = Object.fromEntries(methods.map((name) => [name, eventLog.prefix[name].bind(eventLog.prefix)]));
  const prefix = { rule, ...bound, ...change } as unknown as LogPrefix;
  return Object.create(eventLog, {
    prefix: { value: prefix },
    schedules: { value: eventLog.schedules },
    append: { value: eventLog.append.bind(eventLog) },
    scheduleWake: { value: eventLog.scheduleWake.bind(eventLog) },
  }) as KeeperOptions['eventLog'];
}

test.concurrent(
  'where the server expires messages, jobs are carried when half of the age is over, and nothing is purged',
  async () => {
    await using stage = await keeperStage();
    const jobId = await stage.create('waiting');
    const eventLog = logWith(stage, { rule: { kind: 'aged', maxAgeMs: 4_000 } });
    await stage.startKeeper({ eventLog, keptElsewhere: () => Promise.resolve(0) });
    await eventually(async () => expect(await stage.story(jobId)).toEqual(['JobCreated', 'JobCarried']));
    const [created, carried] = await stage.eventLog.readHistory(jobId);
    const ageMs = Date.parse(carried?.recordedAt ?? '') - Date.parse(created?.recordedAt ?? '');
    expect(ageMs).toBeGreaterThanOrEqual(2_000);
    expect(await firstOf(stage)).toBe(1);
  },
);

test.concurrent('a log of an earlier release that cannot be purged keeps everything', async () => {
  await using stage = await keeperStage();
  const jobId = await stage.create('waiting');
  const keeper = await stage.startKeeper({ eventLog: logWith(stage, { rule: { kind: 'kept' } }) });
  const age = async () => expect(await stage.eventLog.prefix.oldestAgeMs()).toBeGreaterThan(2 * MAX_AGE_MS);
  await eventually(age);
  await keeper.stop();
  expect(await stage.story(jobId)).toEqual(['JobCreated']);
  expect(await firstOf(stage)).toBe(1);
});
