import { jetstreamManager } from '@nats-io/jetstream';
import { startNats, type TestNats } from '@jobstream/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Connection } from '../connection/connection.ts';
import { ConcurrentAppendError, LogUnavailableError } from '../errors.ts';
import type { EventLog } from '../eventLog.ts';
import { LeaderReader } from '../read/leaderReader.ts';
import type { ScheduleLog } from './scheduleLog.ts';
import { ScheduleReader } from './scheduleReader.ts';
import { LaggingReader } from '../../testing/laggingReader.ts';
import { openEventLog } from '../../testing/openEventLog.ts';
import { ScheduleScript } from '../../testing/scheduleScript.ts';

let nats: TestNats;
let log: EventLog & AsyncDisposable;
let schedules: ScheduleLog;

beforeAll(async () => {
  nats = await startNats();
  log = await openEventLog({ url: nats.url });
  schedules = log.schedules;
});

afterAll(async () => {
  await log[Symbol.asyncDispose]();
  await nats[Symbol.asyncDispose]();
});

/** Stores what the script has made; returns the sequences. */
async function store(script: ScheduleScript): Promise<number[]> {
  const sequences: number[] = [];
  for (const event of script.events) sequences.push(await schedules.append(event, sequences.at(-1) ?? 0));
  return sequences;
}

test('a schedule is read from the newest event of each kind, after however many ticks', async () => {
  const script = new ScheduleScript('reads');
  script.create({ cron: '@hourly' });
  script.tick();
  script.update({ cron: '@daily' });
  for (let ticks = 0; ticks < 5; ticks += 1) script.tick();
  const sequences = await store(script);
  const snapshot = await schedules.reader.read('reads');
  expect(snapshot?.sequence).toBe(sequences.at(-1));
  const { name, cron, version, definitionVersion, lastTick } = snapshot?.schedule ?? {};
  expect({ name, cron, version, definitionVersion }).toEqual({
    name: 'reads',
    cron: '@daily',
    version: 8,
    definitionVersion: 3,
  });
  expect(lastTick).toEqual(script.events.at(-1)?.data);
});

test('a name without a schedule has none, not even if a longer name has one', async () => {
  const script = new ScheduleScript('longer-name');
  script.create();
  await store(script);
  expect(await schedules.reader.read('longer')).toBeUndefined();
  expect(await schedules.reader.history('longer', { limit: 10 })).toEqual([]);
});

test('an append that expects another last event is refused, whatever kind of event came between', async () => {
  const script = new ScheduleScript('contested');
  const [created] = [script.create(), script.tick(), script.update()];
  const sequence = await schedules.append(created, 0);
  await expect(schedules.append(created, 0)).rejects.toThrow(ConcurrentAppendError);
  const [, ticked, updated] = script.events;
  await schedules.append(ticked ?? created, sequence);
  await expect(schedules.append(updated ?? created, sequence)).rejects.toThrow('schedule contested has moved on');
});

test('a deleted schedule is read with the sequence after which a new one continues', async () => {
  const script = new ScheduleScript('deleted');
  script.create();
  script.next({ kind: 'DeleteSchedule' });
  const [, last] = await store(script);
  const snapshot = await schedules.reader.read('deleted');
  expect(snapshot).toMatchObject({ sequence: last, schedule: { version: 2, deletedAt: expect.any(String) as string } });
});

test('the history is read page by page, newest first', async () => {
  const script = new ScheduleScript('historic');
  script.create();
  for (let ticks = 0; ticks < 6; ticks += 1) script.tick();
  const sequences = await store(script);
  const first = await schedules.reader.history('historic', { limit: 3 });
  expect(first.map(({ event }) => event.version)).toEqual([7, 6, 5]);
  expect(first.map(({ sequence }) => sequence)).toEqual(sequences.slice(-3).toReversed());
  const before = first.at(-1)?.sequence ?? 0;
  const rest = await schedules.reader.history('historic', { before, limit: 10 });
  expect(rest.map(({ event }) => event)).toEqual(script.events.slice(0, 4).toReversed());
  expect(await schedules.reader.history('reads', { before, limit: 10 })).toEqual([]);
});

test('more schedules than one answer of the server has room for are all read, in the order of their names', async () => {
  const scripts = Array.from({ length: 450 }, (_one, index) => new ScheduleScript(`many-${1_000 + index}`));
  await Promise.all(
    scripts.map((script) => {
      script.create();
      script.update();
      script.tick();
      return store(script);
    }),
  );
  const names = (await schedules.reader.names()).filter((name) => name.startsWith('many-'));
  expect(names).toEqual(scripts.map(({ name }) => name));
  const snapshots = await schedules.reader.readAll(names);
  expect(snapshots.map(({ schedule }) => schedule.name)).toEqual(names);
  expect(snapshots.every(({ schedule }) => schedule.version === 3)).toBe(true);
});

test('a replica that lags behind is waited for: a schedule is not taken for what it was', async () => {
  const script = new ScheduleScript('lagging');
  script.create();
  script.update({ cron: '@daily' });
  const [created = 0, updated = 0] = await store(script);
  const connection = await Connection.open({ url: nats.url, name: 'test' });
  const replica = new LaggingReader(connection, 30_000);
  const manager = await jetstreamManager(connection.nats);
  const leader = new LeaderReader(connection);
  const reader = new ScheduleReader({ direct: replica, leader, manager, deadlineMs: 30_000 });
  replica.horizon = created;
  const reading = reader.read('lagging');
  replica.horizon = updated;
  expect((await reading)?.schedule.cron).toBe('@daily');
  const hurried = new ScheduleReader({ direct: replica, leader, manager, deadlineMs: 100 });
  replica.horizon = created;
  await expect(hurried.read('lagging')).rejects.toThrow(LogUnavailableError);
  expect(await reader.read('never-there')).toBeUndefined();
  await connection.close();
});
