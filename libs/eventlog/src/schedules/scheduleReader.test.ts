import { jetstreamManager } from '@nats-io/jetstream';
import { describe, expect, test } from 'vitest';
import { Connection } from '../connection/connection.ts';
import { EXPECTED_FILTER, EXPECTED_SEQUENCE } from '../connection/headers.ts';
import { ConcurrentAppendError, LogUnavailableError, NewerEventError } from '../errors.ts';
import { LeaderReader } from '../read/leaderReader.ts';
import { LaggingReader } from '../../testing/laggingReader.ts';
import { useEventLog } from '../../testing/openEventLog.ts';
import { publishRaw } from '../../testing/publishRaw.ts';
import { ScheduleScript } from '../../testing/scheduleScript.ts';
import { ScheduleReader } from './scheduleReader.ts';

const on = useEventLog();

/** Stores the script's events; returns their sequences. */
async function store(script: ScheduleScript): Promise<number[]> {
  const sequences: number[] = [];
  for (const event of script.events) sequences.push(await on.log.schedules.append(event, sequences.at(-1) ?? 0));
  return sequences;
}

test('a schedule is read from the newest event of each kind, after any number of ticks', async () => {
  const script = new ScheduleScript('reads');
  script.create({ cron: '@hourly' });
  script.tick();
  script.update({ cron: '@daily' });
  for (let ticks = 0; ticks < 5; ticks += 1) script.tick();
  const sequences = await store(script);
  const snapshot = await on.log.schedules.reader.read('reads');
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

test('a name without a schedule is undefined, even if a longer name has one', async () => {
  const script = new ScheduleScript('longer-name');
  script.create();
  await store(script);
  expect(await on.log.schedules.reader.read('longer')).toBeUndefined();
  expect(await on.log.schedules.reader.history('longer', { limit: 10 })).toEqual([]);
});

const newer = (name: string) => JSON.stringify({ v: 2, event: 'ScheduleUpdated', schedule: name, version: 2 });

describe('an event of a newer release', () => {
  test('keeps its schedule from being changed, and no other from being listed', async () => {
    const [script, other] = [new ScheduleScript('newer'), new ScheduleScript('newer-not')];
    const created = script.create();
    other.create();
    const sequence = await on.log.schedules.append(created, 0);
    await store(other);
    const fields = { [EXPECTED_SEQUENCE]: String(sequence), [EXPECTED_FILTER]: 'schedules.newer.>' };
    await publishRaw(on.nats.url, 'schedules.newer.updated', newer('newer'), fields);
    const { reader } = on.log.schedules;
    await expect(reader.read('newer')).rejects.toThrow(NewerEventError);
    const names = (await reader.readAll(['newer', 'newer-not'])).map(({ schedule }) => schedule.name);
    expect(names).toEqual(['newer', 'newer-not']);
  });

  test.each([
    ['does not say what it follows', {}],
    ['follows a message of another schedule', { [EXPECTED_SEQUENCE]: '0', [EXPECTED_FILTER]: 'schedules.other.>' }],
  ])('is junk if it %s', async (_name, fields) => {
    const script = new ScheduleScript(`junk-${Object.keys(fields).length}`);
    script.create();
    await store(script);
    const subject = `schedules.${script.name}.updated`;
    await publishRaw(on.nats.url, subject, newer(script.name), fields);
    expect(await on.log.schedules.reader.read(script.name)).toMatchObject({ schedule: { name: script.name } });
  });
});

test('an append that expects another last event is refused after any kind of event', async () => {
  const script = new ScheduleScript('contested');
  const [created] = [script.create(), script.tick(), script.update()];
  const sequence = await on.log.schedules.append(created, 0);
  await expect(on.log.schedules.append(created, 0)).rejects.toThrow(ConcurrentAppendError);
  const [, ticked, updated] = script.events;
  await on.log.schedules.append(ticked ?? created, sequence);
  await expect(on.log.schedules.append(updated ?? created, sequence)).rejects.toThrow(
    'schedule contested has moved on',
  );
});

test('a deleted schedule is read with the sequence after which a new one continues', async () => {
  const script = new ScheduleScript('deleted');
  script.create();
  script.next({ kind: 'DeleteSchedule' });
  const [, last] = await store(script);
  const snapshot = await on.log.schedules.reader.read('deleted');
  expect(snapshot).toMatchObject({ sequence: last, schedule: { version: 2, deletedAt: expect.any(String) as string } });
});

test('the history is read page by page, newest first', async () => {
  const script = new ScheduleScript('historic');
  script.create();
  for (let ticks = 0; ticks < 6; ticks += 1) script.tick();
  const sequences = await store(script);
  const first = await on.log.schedules.reader.history('historic', { limit: 3 });
  expect(first.map(({ event }) => event.version)).toEqual([7, 6, 5]);
  expect(first.map(({ sequence }) => sequence)).toEqual(sequences.slice(-3).toReversed());
  const before = first.at(-1)?.sequence ?? 0;
  const rest = await on.log.schedules.reader.history('historic', { before, limit: 10 });
  expect(rest.map(({ event }) => event)).toEqual(script.events.slice(0, 4).toReversed());
  expect(await on.log.schedules.reader.history('reads', { before, limit: 10 })).toEqual([]);
});

test('reads more schedules than fit into one answer of the server, in the order of their names', async () => {
  const scripts = Array.from({ length: 450 }, (_one, index) => new ScheduleScript(`many-${1_000 + index}`));
  await Promise.all(
    scripts.map((script) => {
      script.create();
      script.update();
      script.tick();
      return store(script);
    }),
  );
  const names = (await on.log.schedules.reader.names()).filter((name) => name.startsWith('many-'));
  expect(names).toEqual(scripts.map(({ name }) => name));
  const snapshots = await on.log.schedules.reader.readAll(names);
  expect(snapshots.map(({ schedule }) => schedule.name)).toEqual(names);
  expect(snapshots.every(({ schedule }) => schedule.version === 3)).toBe(true);
});

test('waits for a replica that lags behind, so that no stale schedule is returned', async () => {
  const script = new ScheduleScript('lagging');
  script.create();
  script.update({ cron: '@daily' });
  const [created = 0, updated = 0] = await store(script);
  const connection = await Connection.open({ url: on.nats.url, name: 'test' });
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
