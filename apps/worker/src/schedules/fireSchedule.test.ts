import { randomUUID } from 'node:crypto';
import { ArchiveCorruptError, ArchiveUnavailableError } from '@jobstream/archive';
import { eventually, startNats } from '@jobstream/testing';
import type { TestNats } from '@jobstream/testing';
import { HistoryIncompleteError, LogUnavailableError } from '@jobstream/eventlog';
import type { FiredTrigger, EventLog } from '@jobstream/eventlog';
import type { ScheduleEvent } from '@jobstream/domain';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ScheduleStage, schedulerContext } from '../../testing/scheduleStage.ts';
import { handleTrigger } from './handleTrigger.ts';
import { fireSchedule } from './fireSchedule.ts';
import type { SchedulerContext } from './schedulerContext.ts';

const NOON = Date.parse('2026-03-01T12:00:00.000Z');
const DAY = 86_400_000;
const at = (seconds: number) => new Date(NOON + seconds * 1_000).toISOString();

let nats: TestNats;
let stage: ScheduleStage;
let name: string;
let context: SchedulerContext;

beforeAll(async () => {
  nats = await startNats();
  stage = await ScheduleStage.open(nats.url);
  context = schedulerContext(stage.eventLog);
});

beforeEach(() => {
  name = `schedule-${randomUUID()}`;
});

afterAll(async () => {
  await stage[Symbol.asyncDispose]();
  await nats[Symbol.asyncDispose]();
});

interface TestTrigger extends FiredTrigger {
  readonly settlements: readonly string[];
}

/** A trigger that fired `seconds` after noon and records how it is settled. */
function trigger(seconds: number, fields: Partial<FiredTrigger> = {}): TestTrigger {
  const settlements: string[] = [];
  return {
    schedule: name,
    firedAt: at(seconds),
    nextFireAt: undefined,
    id: 'alarm:1',
    ack: () => settlements.push('ack'),
    nak: () => settlements.push('nak'),
    keepAlive: () => undefined,
    settlements,
    ...fields,
  };
}

/** A log whose record of ticks fails: what a worker leaves behind that dies between the jobs and the record. */
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
  return { append: (event, expected) => stage.eventLog.append(event, expected), schedules: dying };
}

/** A log that takes no jobs. */
function refusingLog(error: Error): SchedulerContext['eventLog'] {
  const append: SchedulerContext['eventLog']['append'] = async () => {
    throw error;
  };
  return { append, schedules: stage.eventLog.schedules };
}

const everyMinute = { cron: '* * * * *' };

describe('a tick creates one job', () => {
  test('also when its trigger is delivered twice', async () => {
    await stage.create(name, everyMinute, NOON);
    await handleTrigger(trigger(60.1), context);
    await handleTrigger(trigger(60.1), context);
    expect(await stage.ticks(name)).toEqual([at(60)]);
    expect(await stage.records(name)).toHaveLength(1);
  });

  test('also when several workers answer its trigger at the same time', async () => {
    await stage.create(name, { ...everyMinute, catchUp: { policy: 'all', limit: 100 } }, NOON);
    await using other = await ScheduleStage.open(nats.url);
    const contexts = [context, schedulerContext(other.eventLog), context, schedulerContext(other.eventLog)];
    await Promise.all(contexts.map((each) => handleTrigger(trigger(300.1), each)));
    expect((await stage.ticks(name)).toSorted()).toEqual([60, 120, 180, 240, 300].map(at));
    expect(await stage.records(name)).toHaveLength(1);
  });

  test('also when the worker dies after it created the job and before it recorded the tick', async () => {
    await stage.create(name, everyMinute, NOON);
    const first = trigger(60.1);
    await handleTrigger(first, { ...context, eventLog: dyingLog() });
    expect(first.settlements).toEqual(['nak']);
    expect([await stage.ticks(name), await stage.records(name)]).toEqual([[at(60)], []]);
    const again = trigger(60.1);
    await handleTrigger(again, context);
    const [job] = await stage.jobs(name);
    expect(again.settlements).toEqual(['ack']);
    expect(await stage.ticks(name)).toEqual([at(60)]);
    expect(await stage.records(name)).toEqual([{ tickAt: at(60), jobIds: [job?.jobId], skipped: 0 }]);
  });

  test('also when the job type was changed between the two', async () => {
    await stage.create(name, everyMinute, NOON);
    await handleTrigger(trigger(60.1), { ...context, eventLog: dyingLog() });
    const snapshot = await stage.eventLog.schedules.reader.read(name);
    const job = snapshot?.schedule.job;
    if (job === undefined) throw new Error('there is a schedule');
    await stage.update(name, { ...everyMinute, job: { ...job, type: 'anybody' } });
    await handleTrigger(trigger(60.1), context);
    expect((await stage.jobs(name)).map(({ jobType }) => jobType)).toEqual(['nobody']);
  });

  test('also when the schedule is changed between the two, and the change is kept', async () => {
    await stage.create(name, everyMinute, NOON);
    const change = { ...everyMinute, catchUp: { policy: 'all', limit: 7 } } as const;
    await handleTrigger(trigger(60.1), { ...context, eventLog: changingLog(() => stage.update(name, change)) });
    const [job] = await stage.jobs(name);
    expect(await stage.ticks(name)).toEqual([at(60)]);
    expect(await stage.records(name)).toEqual([{ tickAt: at(60), jobIds: [job?.jobId], skipped: 0 }]);
    expect((await stage.eventLog.schedules.reader.read(name))?.schedule.catchUp.limit).toBe(7);
  });

  test('also of a schedule that is created again after it was deleted', async () => {
    await stage.create(name, everyMinute, NOON);
    await handleTrigger(trigger(60.1), context);
    await stage.act(name, { kind: 'DeleteSchedule' }, NOON + 61_000);
    await stage.create(name, everyMinute, NOON + 59_000);
    await handleTrigger(trigger(60.1), context);
    expect(await stage.ticks(name)).toEqual([at(60)]);
  });
});

describe('a trigger', () => {
  test('for a schedule that is gone or disabled does nothing, and takes the trigger away', async () => {
    await stage.create(name);
    await stage.eventLog.schedules.triggers.reconcile(name);
    await stage.update(name, { enabled: false });
    await handleTrigger(trigger(60.1), context);
    expect(await stage.eventLog.schedules.triggers.names()).not.toContain(name);
    await handleTrigger(trigger(60.1, { schedule: 'never-there' }), context);
    expect(await stage.jobs(name)).toEqual([]);
  });

  test('for all schedules finds the ticks that were missed, of all of them', async () => {
    const others = [name, ...[1, 2, 3].map(() => `schedule-${randomUUID()}`)];
    for (const other of others) {
      await stage.create(other, { ...everyMinute, catchUp: { policy: 'latest', limit: 1 } }, NOON);
    }
    await handleTrigger(trigger(190, { schedule: undefined }), context);
    for (const other of others) expect(await stage.ticks(other)).toEqual([at(180)]);
  });

  test('that is stored late, behind those of other schedules, still has its tick on time; one for all schedules has not', async () => {
    const other = `schedule-${randomUUID()}`;
    for (const each of [name, other]) await stage.create(each, everyMinute, NOON);
    await handleTrigger(trigger(75), context);
    await handleTrigger(trigger(75, { schedule: undefined }), context);
    expect([await stage.ticks(name), await stage.ticks(other)]).toEqual([[at(60)], []]);
  });

  test('for all schedules passes over one that cannot be fired', async () => {
    const [bad, good] = [`a-${randomUUID()}`, `b-${randomUUID()}`];
    await stage.create(bad, everyMinute, NOON);
    await stage.create(good, everyMinute, NOON);
    const append: SchedulerContext['eventLog']['append'] = async (event, expected) => {
      if (event.actor.id === bad) throw new TypeError('a defect');
      return stage.eventLog.append(event, expected);
    };
    const eventLog = { append, schedules: stage.eventLog.schedules };
    const all = trigger(60.1, { schedule: undefined });
    await handleTrigger(all, { ...context, eventLog });
    expect([await stage.ticks(bad), await stage.ticks(good), all.settlements]).toEqual([[], [at(60)], ['ack']]);
  });

  test('waits while the log is away, and is not held up by a defect', async () => {
    await stage.create(name, everyMinute, NOON);
    const settlements = [];
    for (const error of [new LogUnavailableError('away'), new TypeError('a defect')]) {
      const failing = trigger(60.1);
      await handleTrigger(failing, { ...context, eventLog: refusingLog(error) });
      settlements.push(...failing.settlements);
    }
    expect(settlements).toEqual(['nak', 'ack']);
  });

  test.each([
    new ArchiveUnavailableError('the disk is gone'),
    new ArchiveCorruptError('manifest/1.json', 'is too short'),
    new HistoryIncompleteError(1, 2),
  ])('waits, and its tick is not lost, while the archive cannot be asked: $code', async (error) => {
    await stage.create(name, everyMinute, NOON);
    const without = { ...context, eventLog: refusingLog(error) };
    for (const schedule of [name, undefined]) {
      const firing = trigger(60.1, { schedule });
      await handleTrigger(firing, without);
      expect(firing.settlements).toEqual(['nak']);
    }
    await handleTrigger(trigger(60.1), context);
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

/** All that happened to the schedule of the test, oldest first. */
async function events() {
  const history = await stage.eventLog.schedules.reader.history(name, { limit: 100 });
  return history.toReversed().map(({ event }) => event);
}

/** A trigger for all schedules in a log that keeps events for ten days. */
function fireForAll(seconds: number): Promise<void> {
  return handleTrigger(trigger(seconds, { schedule: undefined }), { ...context, keepMs: 10 * DAY });
}

describe('in a log that forgets events after ten days, a schedule', () => {
  test('is said again after five days, and the ticks that are dealt with stay so', async () => {
    await stage.create(name, { cron: '@monthly' }, NOON);
    const tick = { kind: 'RecordTicks', tickAt: at(5), jobIds: [], skipped: 0 } as const;
    await stage.act(name, tick);
    await fireForAll((4.9 * DAY) / 1_000);
    expect(await events()).toHaveLength(2);
    await fireForAll((5.1 * DAY) / 1_000);
    const [created, , renewed, ...more] = await events();
    expect(more).toEqual([]);
    expect(renewed).toMatchObject({
      event: 'ScheduleUpdated',
      actor: { kind: 'scheduler', id: name },
      data: { ...created?.data, ticksFrom: at(5), createdAt: created?.at },
    });
  });

  test('is said again even if it is disabled, and not at all if it is deleted', async () => {
    await stage.create(name, { enabled: false }, NOON);
    await fireForAll((6 * DAY) / 1_000);
    expect((await events()).map(({ event }) => event)).toEqual(['ScheduleCreated', 'ScheduleUpdated']);
    await stage.act(name, { kind: 'DeleteSchedule' }, NOON);
    await fireForAll((6 * DAY) / 1_000);
    expect(await events()).toHaveLength(3);
  });
});

describe('a tick that the server would not fire for', () => {
  test('gets a trigger of its own', async () => {
    await stage.create(name, everyMinute, NOON);
    await using heard = await listen();
    await handleTrigger(trigger(60.1, { nextFireAt: at(180) }), context);
    await eventually(() => expect(heard.firings.map(({ nextFireAt }) => nextFireAt)).toEqual([at(180)]));
  });

  test('gets one after a trigger for all schedules, if it is close', async () => {
    await stage.create(name, everyMinute, NOON);
    await using heard = await listen();
    await handleTrigger(trigger(57.9, { schedule: undefined }), context);
    await handleTrigger(trigger(58.1, { schedule: undefined }), context);
    await eventually(() => expect(heard.firings.map(({ nextFireAt }) => nextFireAt)).toEqual([at(60.1)]));
  });

  test('gets none where the server fires in time', async () => {
    await stage.create(name, everyMinute, NOON);
    await using heard = await listen();
    await handleTrigger(trigger(60.1, { nextFireAt: at(120) }), context);
    await handleTrigger(trigger(120.1), context);
    await fireSchedule(name, trigger(180.1), context);
    // Triggers are due at once, so one that was asked for comes before one that is asked for now.
    const sentinel = `schedule-${randomUUID()}`;
    await stage.eventLog.schedules.triggers.fireAt(sentinel, at(0), at(0));
    await eventually(() => expect(heard.all.map(({ schedule }) => schedule)).toContain(sentinel));
    expect(heard.firings).toEqual([]);
  });
});
