import { randomUUID } from 'node:crypto';
import { defineJob, type JobDefinition, type JobSchedule } from '@jobstream/client';
import {
  decideSchedule,
  defaultBackoff,
  isRejection,
  type ScheduleCommand,
  type ScheduleEvent,
} from '@jobstream/domain';
import { LogUnavailableError } from '@jobstream/eventlog';
import { eventually, startNats } from '@jobstream/test-support';
import { afterAll, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import { TestLog } from '../../testing/testLog.ts';
import { createWorker, WorkerOptionsError } from '../index.ts';
import { systemClock } from '../attempt/chain/clock.ts';
import { handlerRegistry, jobHandler } from '../handler/jobHandler.ts';
import { silentLogger } from '../handler/logger.ts';
import { lineLogger } from '../options/lineLogger.ts';
import { DefinedSchedules } from './definedSchedules.ts';

const nats = await startNats();
const log = await TestLog.open(nats.url);
const { schedules } = log.eventLog;
afterAll(async () => {
  await log[Symbol.asyncDispose]();
  await nats[Symbol.asyncDispose]();
});

let count = 0;
let name: string;
beforeEach(() => {
  name = `report-${++count}`;
});

interface Report {
  readonly to: string;
}
const nightly = { cron: '30 2 * * *', timeZone: 'Europe/Berlin', payload: { to: 'team@example.com' } };

function report(schedule: Partial<JobSchedule<Report>> = {}, type = name) {
  return defineJob(type, {
    payload: z.object({ to: z.email() }),
    schedule: { ...nightly, ...schedule },
    maxAttempts: 4,
    tags: ['reports'],
  });
}

async function startWorker(definitions: readonly JobDefinition[]) {
  const lines: string[] = [];
  const logger = lineLogger({ level: 'info', write: (line) => lines.push(line) });
  const worker = createWorker({ natsUrl: nats.url, logger });
  onTestFinished(() => worker.stop());
  for (const definition of definitions) worker.handle(definition, () => undefined);
  await worker.start();
  return { lines, worker };
}

/** Starts a worker, and returns what it logs. */
const start = async (...definitions: readonly JobDefinition[]) => (await startWorker(definitions)).lines;

const scheduleOf = async () => (await schedules.reader.read(name))?.schedule;
const history = async () =>
  (await schedules.reader.history(name, { limit: 100 })).map(({ event: { event, actor } }) => `${event} ${actor.kind}`);

type Bare = ScheduleCommand extends infer Command
  ? Command extends unknown
    ? Omit<Command, 'eventId' | 'at' | 'actor'>
    : never
  : never;

/** What a person does by the API. */
async function act(command: Bare): Promise<void> {
  const { schedule, sequence } = await schedules.reader.readEnd(name);
  const context = { eventId: randomUUID(), at: new Date().toISOString(), actor: { kind: 'user', id: 'ada' } } as const;
  const decision = decideSchedule({ ...context, ...command }, schedule);
  if (isRejection(decision)) throw new Error(decision.detail);
  await schedules.append(decision, sequence);
}

const created = () => eventually(async () => expect(await history()).toEqual(['ScheduleCreated worker']));

/** Starts a worker and stops it, which waits for what it does to schedules. */
async function startAndStop(...definitions: readonly JobDefinition[]): Promise<string[]> {
  const { lines, worker } = await startWorker(definitions);
  await worker.stop();
  return lines;
}

test('a worker creates the schedule that a definition names, with a trigger', async () => {
  await start(report());
  await created();
  expect(await scheduleOf()).toMatchObject({
    cron: '30 2 * * *',
    timeZone: 'Europe/Berlin',
    enabled: true,
    catchUp: { policy: 'skip', limit: 100 },
    job: {
      type: name,
      payload: nightly.payload,
      maxAttempts: 4,
      backoff: defaultBackoff,
      tags: ['reports'],
      unset: ['backoff', 'timeoutMs'],
    },
  });
  await eventually(async () => expect(await schedules.triggers.names()).toContain(name));
});

test('of workers that start together one creates it, and later ones with the same definition change nothing', async () => {
  const lines = await Promise.all(Array.from({ length: 4 }, () => startAndStop(report())));
  expect(lines.join('')).not.toContain('was not created');
  await startAndStop(report());
  expect(await history()).toEqual(['ScheduleCreated worker']);
});

test('a worker that loses the race for it takes what the other has created', async () => {
  const lines: string[] = [];
  const logger = lineLogger({ level: 'info', write: (line) => lines.push(line) });
  let isFirst = true;
  const append = async (event: ScheduleEvent, expected: number) => {
    if (isFirst) await schedules.append({ ...event, id: randomUUID() }, expected);
    isFirst = false;
    return schedules.append(event, expected);
  };
  const racing = Object.create(schedules, { append: { value: append } }) as typeof schedules;
  const handlers = handlerRegistry([jobHandler(report(), () => undefined)]);
  const defined = new DefinedSchedules({
    eventLog: { schedules: racing },
    handlers,
    workerName: 'w',
    clock: systemClock(Date),
    logger,
  });
  defined.start();
  await defined.stop();
  expect(lines).toEqual([]);
  expect(await history()).toEqual(['ScheduleCreated worker']);
});

test('a worker with another definition changes it, and leaves what a person has paused', async () => {
  await start(report());
  await created();
  const { cron, timeZone, job } = (await scheduleOf()) ?? { cron: '', timeZone: '', job: undefined };
  if (job === undefined) throw new Error('there is no schedule');
  const catchUp = { policy: 'latest', limit: 7 } as const;
  await act({ kind: 'UpdateSchedule', definition: { cron, timeZone, job, enabled: false, catchUp } });
  const changed = report({ cron: '@hourly', payload: { to: 'all@example.com' } });
  for (const _twice of [1, 2]) await startAndStop(changed);
  expect(await history()).toEqual(['ScheduleUpdated worker', 'ScheduleUpdated user', 'ScheduleCreated worker']);
  expect(await scheduleOf()).toMatchObject({
    cron: '@hourly',
    job: { payload: { to: 'all@example.com' } },
    enabled: false,
    catchUp,
  });
});

test('what a person has removed stays removed, and the worker says so', async () => {
  await start(report());
  await created();
  await act({ kind: 'DeleteSchedule' });
  const lines = await startAndStop(report());
  expect((await history())[0]).toBe('ScheduleDeleted user');
  expect(lines.join('')).toContain('is left as it is: it was removed; create it again, or give it another name');
});

test('a definition that names no schedule any more leaves it', async () => {
  await start(report());
  await created();
  await startAndStop(defineJob(name, { payload: z.unknown() }));
  expect(await history()).toEqual(['ScheduleCreated worker']);
});

test.each([
  ['another type', { type: 'other' }, {}, 'it creates jobs of the type other'],
  ['a tenant', {}, { tenant: 'acme' }, 'it belongs to the tenant acme'],
])('a schedule of %s is left as it is', async (_what, template, owner, reason) => {
  const settings = { payload: null, maxAttempts: 1, backoff: defaultBackoff, timeoutMs: 1_000, tags: [] };
  const job = { type: name, ...settings, ...template };
  const catchUp = { policy: 'skip', limit: 1 } as const;
  const definition = { cron: '@daily', timeZone: 'UTC', job, enabled: true, catchUp };
  await act({ kind: 'CreateSchedule', schedule: name, definition, ...owner });
  const lines = await start(report());
  await eventually(() => expect(lines.join('')).toContain(`is left as it is: ${reason}`));
  expect(await history()).toEqual(['ScheduleCreated user']);
});

test('a schedule may have a name of its own', async () => {
  const type = `${name}-type`;
  await start(report({ name }, type));
  await created();
  expect(await scheduleOf()).toMatchObject({ name, job: { type } });
});

test.each([
  [{ cron: 'at noon' }, 'cron'],
  [{ cron: '0 0 30 2 *' }, 'must tick at least once in the next five years'],
  [{ timeZone: 'Mars/Olympus' }, 'timeZone'],
  [{ name: 'No Name' }, 'name'],
  [{ payload: { to: 'x'.repeat(300_000) } }, 'bytes'],
])('a definition with the schedule %j is refused when its handler is registered', (schedule, reason) => {
  const worker = createWorker({ natsUrl: nats.url });
  const register = () => worker.handle(report(schedule), () => undefined);
  expect(register).toThrow(WorkerOptionsError);
  expect(register).toThrow(reason);
});

test('a schedule whose payload its schema rejects is not created, and the worker says so', async () => {
  const lines = await start(report({ payload: { to: 'nobody' } }));
  const refused = 'the schedule of a definition was not created or changed';
  await eventually(() => expect(lines.join('')).toContain(refused));
  expect(lines.join('')).toContain('/payload/to');
  expect(await history()).toEqual([]);
});

test('a worker that stops while the log is unavailable does not go on to ask for its schedules', async () => {
  const away = new LogUnavailableError('away');
  const asked = vi.fn<() => Promise<never>>().mockRejectedValueOnce(away).mockRejectedValueOnce(away);
  asked.mockRejectedValue(new Error('asked again'));
  const logger = { ...silentLogger, error: () => expect.unreachable() };
  const defined = new DefinedSchedules({
    eventLog: { schedules: { reader: { readEnd: asked } } } as never,
    handlers: handlerRegistry([jobHandler(report(), () => undefined)]),
    workerName: 'w',
    clock: systemClock(log.eventLog.clock),
    logger,
  });
  defined.start();
  await eventually(() => expect(asked).toHaveBeenCalledOnce());
  await defined.stop(); // tries once more at once
  expect(asked).toHaveBeenCalledTimes(2);
});
