import { JobstreamClient } from '@jobstream/client';
import { EventLog, type RecordedEvent } from '@jobstream/eventlog';
import { migrate } from '@jobstream/readmodel';
import { createMigratedDatabase, eventually, freePort, SkewedClock, startNats } from '@jobstream/test-support';
import { connect } from '@nats-io/transport-node';
import { describe, expect, test, type TestContext } from 'vitest';
import { startServices, type Service } from '../harness/startServices.ts';

const HOUR_MS = 3_600_000;
const DELAY_MS = 2_000;
/** Far below the skews, and far above what a busy machine takes for a request. */
const TOLERANCE_MS = 30_000;

/** An API and a worker, one of which has a clock that is `offsetMs` ahead. */
async function startSkewed({ onTestFinished }: TestContext, skewed: Service, offsetMs: number) {
  const clock = await SkewedClock.create(offsetMs);
  const nats = await startNats();
  const env = { NATS_URL: nats.url, DATABASE_URL: await createMigratedDatabase(migrate), LOG_LEVEL: 'info' };
  const health = await freePort();
  const services = await startServices(
    (service) => ({ ...env, ...(service === skewed ? clock.env : {}), HEALTH_PORT: String(health) }),
    {
      only: ['worker', 'api'],
    },
  );
  const log = new EventLog({ url: nats.url, name: 'test' });
  await log.start();
  onTestFinished(async () => {
    await log.stop();
    for (const one of [services, nats, clock]) await one[Symbol.asyncDispose]();
  });
  const { jobs, schedules } = new JobstreamClient({ url: services.api, jobWarnings: false });
  const create = async (given: object, payload: object = { durationMs: 0 }) =>
    (await jobs.create({ type: 'sleep', payload, ...given })).id;
  const ask = async (route: string) => {
    const response = await fetch(`http://127.0.0.1:${health}${route}`);
    return { status: response.status, text: await response.text() };
  };
  return {
    ask,
    log,
    schedules,
    clock,
    create,
    history: (id: string) => completedHistory(log, id),
    timers: () => timersStored(nats.url),
  };
}

/** The events of a job once it has completed. */
async function completedHistory(log: EventLog, id: string): Promise<readonly RecordedEvent[]> {
  return eventually(async () => {
    const history = await log.readHistory(id);
    expect(history.at(-1)?.event.event).toBe('JobCompleted');
    return history;
  });
}

/** The first JobCreated of the log, once it is there. */
async function firstJob(log: EventLog): Promise<RecordedEvent> {
  for await (const entries of log.follow({ after: 0 })) {
    for (const entry of entries) if (entry.kind === 'event' && entry.event.event === 'JobCreated') return entry;
  }
  throw new Error('the log has ended');
}

/** How many messages TIMERS has ever stored: timers that were set, and those that fired. */
async function timersStored(url: string): Promise<number> {
  const nats = await connect({ servers: url });
  const answer = await nats.request('$JS.API.STREAM.INFO.TIMERS', '', { timeout: 30_000 });
  await nats.close();
  return answer.json<{ state: { last_seq: number } }>().state.last_seq;
}

const storedMs = ({ recordedAt }: RecordedEvent) => Date.parse(recordedAt);

/** Checks by the server's clock that each attempt began at its time and not before. */
function expectInTime(history: readonly RecordedEvent[]): void {
  const starts = history.filter(({ event }) => event.event === 'JobStarted');
  const waits = history.flatMap(({ event }) => {
    if (event.event === 'JobCreated') return [event.data.runAt];
    return event.event === 'JobRetryScheduled' ? [event.data.retryAt] : [];
  });
  expect(starts).toHaveLength(waits.length);
  for (const [index, start] of starts.entries()) {
    const lateMs = storedMs(start) - Date.parse(waits[index] ?? '');
    expect(lateMs).toBeGreaterThanOrEqual(0);
    expect(lateMs).toBeLessThan(TOLERANCE_MS);
  }
}

/** Checks that the times that the events name are those of the server, whoever wrote them. */
function expectServerTimes(history: readonly RecordedEvent[]): void {
  for (const recorded of history) {
    expect(Math.abs(Date.parse(recorded.event.at) - storedMs(recorded))).toBeLessThan(TOLERANCE_MS);
  }
}

/** How long after the server stored it a job was to run, in milliseconds. */
function delayOf([created]: readonly RecordedEvent[]): number {
  if (created?.event.event !== 'JobCreated') throw new Error('a history begins with JobCreated');
  expect(created.event.data.delayMs).toBe(DELAY_MS);
  return Date.parse(created.event.data.runAt ?? '') - storedMs(created);
}

const skews = [
  ['an hour ahead', HOUR_MS],
  ['an hour behind', -HOUR_MS],
  ['a minute behind', -60_000],
] as const;

describe.concurrent.for(skews)('a clock %s', ([, offsetMs]) => {
  test('of a worker lets it run a delayed job and a retry at their time, and set each timer once', async (context) => {
    const { create, history, timers } = await startSkewed(context, 'worker', offsetMs);
    const before = await timers();
    const id = await create(
      { delayMs: DELAY_MS, backoff: { type: 'fixed', delayMs: DELAY_MS } },
      { durationMs: 0, failTimes: 1 },
    );
    const events = await history(id);
    expectInTime(events);
    expectServerTimes(events);
    // Set and fired, for the delay and for the retry.
    expect((await timers()) - before).toBe(4);
  });

  test("of an API lets it count a delay from the server's clock, and leave a job to its time", async (context) => {
    const { create, history } = await startSkewed(context, 'api', offsetMs);
    const runAt = new Date(Date.now() + DELAY_MS).toISOString();
    const [delayed, planned] = [await create({ delayMs: DELAY_MS }), await create({ runAt })];
    for (const events of [await history(delayed), await history(planned)]) {
      expectInTime(events);
      expectServerTimes(events);
    }
    expect(Math.abs(delayOf(await history(delayed)) - DELAY_MS)).toBeLessThan(TOLERANCE_MS);
  });
});

const jumps = [
  ['forwards', HOUR_MS],
  ['backwards', -HOUR_MS],
] as const;

describe.concurrent.for(jumps)('a clock that jumps %s while its process runs', ([, offsetMs]) => {
  test('lets a worker start the jobs of before and after at their time', async (context) => {
    const { clock, create, history, timers } = await startSkewed(context, 'worker', 0);
    const before = await timers();
    const first = await create({ delayMs: DELAY_MS });
    await eventually(async () => expect(await timers()).toBeGreaterThan(before));
    await clock.set(offsetMs);
    const second = await create({ delayMs: DELAY_MS });
    for (const events of [await history(first), await history(second)]) {
      expectInTime(events);
      expectServerTimes(events);
    }
    expect((await timers()) - before).toBe(4);
  });

  test("lets an API still count delays from the server's clock", async (context) => {
    const { clock, create, history } = await startSkewed(context, 'api', 0);
    await create({});
    await clock.set(offsetMs);
    const events = await history(await create({ delayMs: DELAY_MS }));
    expectInTime(events);
    expectServerTimes(events);
    expect(Math.abs(delayOf(events) - DELAY_MS)).toBeLessThan(TOLERANCE_MS);
  });
});

test('a worker whose clock becomes too wrong is not ready, says how wrong it is, and is ready when the clock is right again', async (context) => {
  const { ask, clock } = await startSkewed(context, 'worker', 20_000);
  expect((await ask('/health/ready')).status).toBe(200);
  await clock.set(-HOUR_MS);
  const { status, text } = await ask('/health/ready');
  expect([status, JSON.parse(text)]).toMatchObject([503, { parts: { log: 'up', clock: 'down' } }]);
  const offset = /^jobstream_clock_offset_seconds (.*)$/m.exec((await ask('/metrics')).text)?.[1];
  expect(Math.round(Number(offset) / 60)).toBe(-60);
  await clock.set(0);
  expect((await ask('/health/ready')).status).toBe(200);
});

test.for([
  ['api', HOUR_MS],
  ['worker', HOUR_MS],
  ['worker', -HOUR_MS],
] as const)(
  'a schedule ticks by the clock of the server, and so do its jobs, while the clock of the %s is off by %d ms',
  async ([skewed, offsetMs], context) => {
    const { log, schedules } = await startSkewed(context, skewed, offsetMs);
    await schedules.create({ name: 'every-second', cron: '* * * * * *', job: { type: 'sleep', payload: {} } });
    const created = await firstJob(log);
    const tickAt = Date.parse(created.event.causationId?.slice('every-second@'.length) ?? '');
    expect(Math.abs(tickAt - storedMs(created))).toBeLessThan(TOLERANCE_MS);
    expectServerTimes([created]);
  },
);
