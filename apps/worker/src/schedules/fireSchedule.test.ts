import { randomUUID } from 'node:crypto';
import { ArchiveCorruptError, ArchiveUnavailableError } from '@jobstream/archive';
import { type CatchUp, defaultBackoff, type ScheduleEvent } from '@jobstream/domain';
import { HistoryIncompleteError, LogUnavailableError } from '@jobstream/eventlog';
import type { EventLog, FiredTrigger } from '@jobstream/eventlog';
import { eventually } from '@jobstream/test-support';
import { beforeEach, describe, expect, test } from 'vitest';
import { ScheduleStage, schedulerContext, sharedStage } from '../../testing/scheduleStage.ts';
import { systemClock } from '@jobstream/worker/engine';
import { handleTrigger } from './handleTrigger.ts';
import { jobFromTick } from './jobFromTick.ts';
import type { SchedulerContext } from './schedulerContext.ts';

const NOON = Date.parse('2026-03-01T12:00:00.000Z');
const DAY = 86_400_000;
const at = (seconds: number) => new Date(NOON + seconds * 1_000).toISOString();
const everyMinute = { cron: '* * * * *' };
const forAll = { schedule: undefined };

const { nats, stage } = await sharedStage();
const context = schedulerContext(stage.eventLog);
let name: string;

beforeEach(() => {
  name = `schedule-${randomUUID()}`;
});

/** Handles a trigger that fired `seconds` after noon and returns how it was settled. */
async function fire(seconds: number, fields: Partial<FiredTrigger> = {}, given: Partial<SchedulerContext> = {}) {
  const settlements: string[] = [];
  const settle = { ack: () => settlements.push('ack'), nak: () => settlements.push('nak'), keepAlive: () => undefined };
  const trigger = { schedule: name, firedAt: at(seconds), nextFireAt: undefined, id: 'alarm:1', ...settle, ...fields };
  await handleTrigger(trigger, { ...context, ...given });
  return settlements;
}

async function scheduleOf() {
  const snapshot = await stage.eventLog.schedules.reader.read(name);
  if (snapshot === undefined) throw new Error('there is a schedule');
  return snapshot.schedule;
}

/** A log whose record of ticks fails: as for a worker that dies between the jobs and the record. */
const dyingLog = () => changingLog(() => Promise.reject(new LogUnavailableError('it died here')));

/** A log in which something happens between the jobs and the first record of ticks. */
function changingLog(happen: () => Promise<void>): SchedulerContext['eventLog'] {
  let happened = false;
  const { schedules } = stage.eventLog;
  const append = async (event: ScheduleEvent, expected: number) => {
    if (!happened) {
      happened = true;
      await happen();
    }
    return schedules.append(event, expected);
  };
  const dying = Object.create(schedules, { append: { value: append } }) as EventLog['schedules'];
  return logWith({ schedules: dying });
}

/** A log that rejects jobs. */
function rejectingLog(error: Error): SchedulerContext['eventLog'] {
  const append: SchedulerContext['eventLog']['append'] = async () => {
    throw error;
  };
  return logWith({ append });
}

/** The log but for these parts. */
function logWith(parts: Partial<SchedulerContext['eventLog']>): SchedulerContext['eventLog'] {
  const { announcements, schedules, unique, clock, contents } = stage.eventLog;
  return {
    announcements,
    schedules,
    unique,
    clock,
    contents,
    append: (...args) => stage.eventLog.append(...args),
    appendAll: (...args) => stage.eventLog.appendAll(...args),
    readJob: (...args) => stage.eventLog.readJob(...args),
    ...parts,
  };
}

describe('a tick creates one job', () => {
  test('also when its trigger is delivered twice', async () => {
    await stage.create(name, everyMinute, NOON);
    await fire(60.1);
    await fire(60.1);
    expect(await stage.ticks(name)).toEqual([at(60)]);
    expect(await stage.records(name)).toHaveLength(1);
  });

  test('also when several workers handle its trigger at the same time', async () => {
    await stage.create(name, { ...everyMinute, catchUp: { policy: 'all', limit: 100 } }, NOON);
    await using other = await ScheduleStage.open(nats.url);
    const contexts = [context, schedulerContext(other.eventLog), context, schedulerContext(other.eventLog)];
    await Promise.all(contexts.map((each) => fire(300.1, {}, each)));
    expect((await stage.ticks(name)).toSorted()).toEqual([60, 120, 180, 240, 300].map(at));
    expect(await stage.records(name)).toHaveLength(1);
  });

  test('also when the worker dies after it created the job and before it recorded the tick', async () => {
    await stage.create(name, everyMinute, NOON);
    expect(await fire(60.1, {}, { eventLog: dyingLog() })).toEqual(['nak']);
    expect([await stage.ticks(name), await stage.records(name)]).toEqual([[at(60)], []]);
    expect(await fire(60.1)).toEqual(['ack']);
    const [job] = await stage.jobs(name);
    expect(await stage.ticks(name)).toEqual([at(60)]);
    expect(await stage.records(name)).toEqual([{ tickAt: at(60), jobIds: [job?.jobId], skipped: 0 }]);
  });

  test('also when the job type was changed between the two', async () => {
    await stage.create(name, everyMinute, NOON);
    await fire(60.1, {}, { eventLog: dyingLog() });
    await stage.update(name, { ...everyMinute, job: { ...(await scheduleOf()).job, type: 'other' } });
    await fire(60.1);
    expect((await stage.jobs(name)).map(({ jobType }) => jobType)).toEqual(['unhandled']);
  });

  test('also when the schedule is changed between the two, and the change is kept', async () => {
    await stage.create(name, everyMinute, NOON);
    const change = { ...everyMinute, catchUp: { policy: 'all', limit: 7 } } as const;
    await fire(60.1, {}, { eventLog: changingLog(() => stage.update(name, change)) });
    const [job] = await stage.jobs(name);
    expect(await stage.ticks(name)).toEqual([at(60)]);
    expect(await stage.records(name)).toEqual([{ tickAt: at(60), jobIds: [job?.jobId], skipped: 0 }]);
    expect((await scheduleOf()).catchUp.limit).toBe(7);
  });

  test('also of a schedule that is created again after it was deleted', async () => {
    await stage.create(name, everyMinute, NOON);
    await fire(60.1);
    await stage.act(name, { kind: 'DeleteSchedule' }, NOON + 61_000);
    await stage.create(name, everyMinute, NOON + 59_000);
    await fire(60.1);
    expect(await stage.ticks(name)).toEqual([at(60)]);
  });
});

describe('a tick of a schedule whose job is unique', () => {
  const unique = { by: ['payload'], while: 'unfinished' } as const;
  const create = async (catchUp?: CatchUp) => {
    const job = {
      type: 'unhandled',
      payload: { name },
      maxAttempts: 1,
      backoff: defaultBackoff,
      timeoutMs: 1_000,
      tags: [],
      unique,
    };
    await stage.create(name, { ...everyMinute, job, ...(catchUp === undefined ? {} : { catchUp }) }, NOON);
  };

  test('creates none while an earlier one has not ended, and is recorded as skipped', async () => {
    await create();
    await fire(60.1);
    await fire(120.1);
    const [job, ...others] = await stage.jobs(name);
    expect(others).toEqual([]);
    expect(await stage.records(name)).toEqual([
      { tickAt: at(60), jobIds: [job?.jobId], skipped: 0 },
      { tickAt: at(120), jobIds: [], skipped: 1 },
    ]);
  });

  test('creates one of several that were missed', async () => {
    await create({ policy: 'all', limit: 100 });
    await fire(300.1);
    const [job, ...others] = await stage.jobs(name);
    expect(others).toEqual([]);
    expect(await stage.records(name)).toEqual([{ tickAt: at(300), jobIds: [job?.jobId], skipped: 4 }]);
  });

  test('that is fired again has its job', async () => {
    await create();
    expect(await fire(60.1, {}, { eventLog: dyingLog() })).toEqual(['nak']);
    await fire(60.1);
    const [job] = await stage.jobs(name);
    expect(await stage.records(name)).toEqual([{ tickAt: at(60), jobIds: [job?.jobId], skipped: 0 }]);
  });
});

describe('a trigger', () => {
  test('for a schedule that is deleted or disabled creates no job and is removed', async () => {
    await stage.create(name);
    await stage.eventLog.schedules.triggers.reconcile(name);
    await stage.update(name, { enabled: false });
    await fire(60.1);
    expect(await stage.eventLog.schedules.triggers.names()).not.toContain(name);
    await fire(60.1, { schedule: 'never-there' });
    expect(await stage.jobs(name)).toEqual([]);
  });

  test('for all schedules finds the missed ticks of all of them', async () => {
    const others = [name, ...[1, 2, 3].map(() => `schedule-${randomUUID()}`)];
    for (const other of others) {
      await stage.create(other, { ...everyMinute, catchUp: { policy: 'latest', limit: 1 } }, NOON);
    }
    await fire(190, forAll);
    for (const other of others) expect(await stage.ticks(other)).toEqual([at(180)]);
  });

  test('that is stored late, behind those of others, has its tick on time; one for all schedules has not', async () => {
    const other = `schedule-${randomUUID()}`;
    for (const each of [name, other]) await stage.create(each, everyMinute, NOON);
    await fire(75);
    await fire(75, forAll);
    expect([await stage.ticks(name), await stage.ticks(other)]).toEqual([[at(60)], []]);
  });

  test('for all schedules skips one that cannot be fired', async () => {
    const [bad, good] = [`a-${randomUUID()}`, `b-${randomUUID()}`];
    await stage.create(bad, everyMinute, NOON);
    await stage.create(good, everyMinute, NOON);
    const append: SchedulerContext['eventLog']['append'] = async (event, expected) => {
      if (event.actor.id === bad) throw new TypeError('a defect');
      return stage.eventLog.append(event, expected);
    };
    const eventLog = logWith({ append });
    expect(await fire(60.1, forAll, { eventLog })).toEqual(['ack']);
    expect([await stage.ticks(bad), await stage.ticks(good)]).toEqual([[], [at(60)]]);
  });

  test('is redelivered while the log is unavailable, but not after a defect', async () => {
    await stage.create(name, everyMinute, NOON);
    expect(await fire(60.1, {}, { eventLog: rejectingLog(new LogUnavailableError('unavailable')) })).toEqual(['nak']);
    expect(await fire(60.1, {}, { eventLog: rejectingLog(new TypeError('a defect')) })).toEqual(['ack']);
  });

  test.each([
    new ArchiveUnavailableError('the disk is gone'),
    new ArchiveCorruptError('manifest/1.json', 'is too short'),
    new HistoryIncompleteError(1, 2),
  ])('is redelivered while the archive cannot be read, and its tick is not lost: $code', async (error) => {
    await stage.create(name, everyMinute, NOON);
    const eventLog = rejectingLog(error);
    for (const fields of [{}, forAll]) expect(await fire(60.1, fields, { eventLog })).toEqual(['nak']);
    await fire(60.1);
    expect(await stage.ticks(name)).toEqual([at(60)]);
  });
});

/** Collects the triggers that fire, and those of the schedule of this test. */
async function listen() {
  const [all, firings]: [FiredTrigger[], FiredTrigger[]] = [[], []];
  const onTrigger = async (one: FiredTrigger) => {
    all.push(one);
    if (one.schedule === name) firings.push(one);
    one.ack();
  };
  const queue = await stage.eventLog.schedules.openTriggerQueue({ ackWaitMs: 10_000, onTrigger });
  return { all, firings, [Symbol.asyncDispose]: () => queue.stop() };
}

/** The events of the schedule of this test, oldest first. */
async function events() {
  const history = await stage.eventLog.schedules.reader.history(name, { limit: 100 });
  return history.toReversed().map(({ event }) => event);
}

/** A trigger for all schedules in a log that keeps events for ten days. */
const fireAfterDays = (days: number) => fire((days * DAY) / 1_000, forAll, { keepMs: 10 * DAY });

describe('in a log whose events expire after ten days, a schedule', () => {
  test('is renewed after five days, and keeps which ticks are dealt with', async () => {
    await stage.create(name, { cron: '@monthly' }, NOON);
    await stage.act(name, { kind: 'RecordTicks', tickAt: at(5), jobIds: [], skipped: 0 });
    await fireAfterDays(4.9);
    expect(await events()).toHaveLength(2);
    await fireAfterDays(5.1);
    const [created, , renewed, ...more] = await events();
    expect(more).toEqual([]);
    expect(renewed).toMatchObject({
      event: 'ScheduleUpdated',
      actor: { kind: 'scheduler', id: name },
      data: { ...created?.data, ticksFrom: at(5), createdAt: created?.at },
    });
  });

  test('is renewed even if it is disabled, and not if it is deleted', async () => {
    await stage.create(name, { enabled: false }, NOON);
    await fireAfterDays(6);
    expect((await events()).map(({ event }) => event)).toEqual(['ScheduleCreated', 'ScheduleUpdated']);
    await stage.act(name, { kind: 'DeleteSchedule' }, NOON);
    await fireAfterDays(6);
    expect(await events()).toHaveLength(3);
  });
});

describe('a tick that the server would not fire for', () => {
  test('gets a trigger of its own', async () => {
    await stage.create(name, everyMinute, NOON);
    await using received = await listen();
    await fire(60.1, { nextFireAt: at(180) });
    await eventually(() => expect(received.firings.map(({ nextFireAt }) => nextFireAt)).toEqual([at(180)]));
  });

  test('gets one after a trigger for all schedules, if it is close', async () => {
    await stage.create(name, everyMinute, NOON);
    await using received = await listen();
    await fire(57.9, forAll);
    await fire(58.1, forAll);
    await eventually(() => expect(received.firings.map(({ nextFireAt }) => nextFireAt)).toEqual([at(60.1)]));
  });

  test('gets none where the server fires in time', async () => {
    await stage.create(name, everyMinute, NOON);
    await using received = await listen();
    await fire(60.1, { nextFireAt: at(120) });
    await fire(120.1);
    await fire(180.1);
    // Triggers are due at once, so one that was asked for comes before one that is asked for now.
    const sentinel = `schedule-${randomUUID()}`;
    await stage.eventLog.schedules.triggers.fireAt(sentinel, at(0), at(0));
    await eventually(() => expect(received.all.map(({ schedule }) => schedule)).toContain(sentinel));
    expect(received.firings).toEqual([]);
  });
});

test('a tick makes the same job each time, which belongs to the tenant of its schedule', async () => {
  await stage.create(name, everyMinute, NOON);
  const schedule = { ...(await scheduleOf()), tenant: 'acme' };
  const [first, second] = [1, 2].map(() => jobFromTick(schedule, at(60), { clock: systemClock(Date) }));
  expect(first).toMatchObject({
    jobId: second?.jobId,
    tenant: 'acme',
    id: expect.not.stringMatching(second?.id ?? ''),
  });
  expect(jobFromTick(await scheduleOf(), at(60), { clock: systemClock(Date) })).not.toHaveProperty('tenant');
});

test("a tick gives the job the settings of its type's definition that the schedule leaves out", async () => {
  const { announcements } = stage.eventLog;
  const type = `report-${randomUUID().slice(0, 8)}`;
  const template = { type, payload: null, maxAttempts: 5, backoff: defaultBackoff, timeoutMs: 1_000, tags: [] };
  await stage.create(name, { ...everyMinute, job: { ...template, unset: ['maxAttempts', 'backoff'] } }, NOON);
  await fire(60.1);
  await announcements.openRegistry();
  const defaults = { maxAttempts: 4, timeoutMs: 9_000 };
  const self = { worker: 'w', host: 'h', startedAt: at(0), limits: { concurrency: 1 } };
  await announcements.announceType({ ...self, type, defaults });
  await eventually(async () => expect(await announcements.definitionOf(type)).toMatchObject({ defaults }));
  await fire(120.1);
  const [before, after] = (await stage.jobs(name)).map(({ data }) => data);
  expect(before).toMatchObject({ maxAttempts: 5, backoff: defaultBackoff, timeoutMs: 1_000 });
  expect(before).not.toHaveProperty('byDefinition');
  expect(after).toMatchObject({
    maxAttempts: 4,
    backoff: defaultBackoff,
    timeoutMs: 1_000,
    byDefinition: { settings: ['maxAttempts'], worker: 'w' },
  });
});
