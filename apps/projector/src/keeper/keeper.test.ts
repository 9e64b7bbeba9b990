import { attemptOverAt, type JobEvent, STEPS_PROTOCOL } from '@jobstream/domain';
import { ConcurrentAppendError, EventLog } from '@jobstream/eventlog';
import { eventually, newJob } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { keeperStage } from '../../testing/keeperStage.ts';

const AGES = 4;
const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();
const started = { kind: 'StartAttempt', worker: 'worker-1' } as const;
const failed = {
  kind: 'FailAttempt',
  attempt: 1,
  error: { name: 'Error', message: 'no' },
  cause: 'unrecoverable',
  random: 0,
  durationMs: 1,
} as const;

async function opened(log: EventLog): Promise<EventLog & AsyncDisposable> {
  await log.start();
  return Object.assign(log, { [Symbol.asyncDispose]: () => log.stop() });
}

test.concurrent(
  'a job of a type without workers outlives many ages of the log, and is delivered once by a timer',
  async () => {
    await using stage = await keeperStage();
    const { eventLog } = stage;
    const jobId = await stage.create('waiting', { idempotencyKey: 'key' });
    const before = await eventLog.readJob(jobId);
    await stage.startKeeper();
    for (let age = 0; age < AGES; age++) await stage.aged();
    const after = await eventLog.readJob(jobId);
    expect(after?.job).toEqual({ ...before?.job, version: after?.job.version });
    expect(after?.job.version).toBeGreaterThanOrEqual(AGES);
    expect(new Set(await stage.story(jobId))).toEqual(new Set(['JobCarried']));
    const deliveries = await stage.openQueue('waiting');
    await eventually(() => expect(deliveries.map((one) => one.jobId)).toEqual([jobId]));
    expect(deliveries[0]?.causationId).toMatch(/^timer:/);
    // A timer for each age would have stored as many messages.
    await eventually(async () => expect(await stage.timers()).toBe(0));
  },
);

test.concurrent('a second creation under the idempotency key of a carried job is a conflict', async () => {
  await using stage = await keeperStage();
  const jobId = await stage.create('waiting', { idempotencyKey: 'key' });
  await stage.startKeeper();
  await stage.aged();
  const event = newJob(undefined, 'waiting');
  const again = { ...event, jobId, data: { ...event.data, idempotencyKey: 'key' } } as JobEvent;
  await expect(stage.eventLog.append(again, 0)).rejects.toThrow(ConcurrentAppendError);
});

test.concurrent(
  'while no keeper runs nothing expires, and afterwards nothing is lost',
  { tags: ['exact'] },
  async () => {
    await using stage = await keeperStage();
    const jobId = await stage.create('waiting');
    const completed = await stage.create('done');
    await stage.act(completed, started);
    await stage.act(completed, { kind: 'CompleteAttempt', attempt: 1, durationMs: 1 });
    const other = await stage.startKeeper({ mayCarry: () => Promise.resolve(false) });
    await stage.eventLog.jobTypes.pause('waiting');
    await eventually(async () => expect(await stage.eventLog.prefix.oldestAgeMs()).toBeGreaterThan(3_000));
    expect((await stage.eventLog.messages.span()).first).toBe(1);
    await other.stop();
    await stage.startKeeper();
    await stage.aged();
    expect(await stage.eventLog.readJob(jobId)).toMatchObject({ job: { status: 'pending' } });
    expect(await stage.eventLog.readJob(completed)).toBeUndefined();
    const deliveries = await stage.openQueue('waiting');
    await stage.eventLog.jobTypes.resume('waiting');
    await eventually(() => expect(deliveries.map((one) => one.jobId)).toEqual([jobId]));
  },
);

test.concurrent('a delayed job whose creation no worker took has its timer', async () => {
  await using stage = await keeperStage();
  const runAt = inAnHour();
  const jobId = await stage.create('later', { runAt });
  await stage.startKeeper();
  await stage.aged();
  expect(await stage.eventLog.readJob(jobId)).toMatchObject({ job: { status: 'scheduled', runAt } });
  expect(await stage.timers()).toBe(1);
});

test.concurrent('a job that was requeued, and that no worker took, is called for by a timer', async () => {
  await using stage = await keeperStage();
  const jobId = await stage.create('again');
  await stage.act(jobId, started);
  await stage.act(jobId, failed);
  await stage.act(jobId, { kind: 'RequeueJob' });
  await stage.startKeeper();
  await stage.aged();
  const deliveries = await stage.openQueue('again');
  await eventually(() => expect(deliveries).toHaveLength(1));
  expect(deliveries[0]).toMatchObject({ jobId, causationId: expect.stringMatching(/^timer:/) });
});

test.concurrent(
  'an attempt that a creation started is called for when its timeout has passed: its lease goes with the creation',
  async () => {
    await using stage = await keeperStage();
    const times: string[] = [];
    class WatchedLog extends EventLog {
      override scheduleWake(wake: Parameters<EventLog['scheduleWake']>[0]): Promise<void> {
        times.push(wake.at);
        return super.scheduleWake(wake);
      }
    }
    await using watched = await opened(new WatchedLog({ url: stage.nats.url, name: 'watched' }));
    const jobId = await stage.create('running');
    const { at: startedAt } = await stage.act(jobId, { ...started, causationId: 'the-creation' });
    const stored = (await stage.eventLog.readHistory(jobId)).at(-1)?.recordedAt ?? '';
    const last = await stage.eventLog.lastSequence();
    // Until both events are gone, be it one by one: on a slow machine the JobCarried reaches the age as well before the test looks.
    const mayCarry = async () => (await stage.eventLog.messages.span()).first <= last;
    await using _keeper = await stage.startKeeper({ eventLog: watched, mayCarry });
    await stage.aged();
    expect(new Set(times)).toEqual(
      new Set([attemptOverAt({ startedAt: stored, updatedAt: stored, timeoutMs: 60_000 })]),
    );
    const job = (await stage.eventLog.readJob(jobId))?.job;
    expect(job).toMatchObject({ status: 'processing', attempt: 1, worker: 'worker-1', startedAt });
    expect(job).not.toHaveProperty('startedBy');
    expect(await stage.timers()).toBe(1);
  },
);

test.concurrent(
  'an attempt that a timer started keeps its cause, and is called for all the same: its message may be acknowledged',
  async () => {
    await using stage = await keeperStage();
    const jobId = await stage.create('running', { timeoutMs: 1 });
    await stage.act(jobId, { ...started, causationId: 'timer:7' });
    await stage.startKeeper();
    await stage.aged();
    const job = (await stage.eventLog.readJob(jobId))?.job;
    expect(job).toMatchObject({ status: 'processing', startedBy: 'timer:7' });
    expect(await stage.timers()).toBe(1);
  },
);

test.concurrent('failed and cancelled jobs can be retried until their last event has reached the age', async () => {
  await using stage = await keeperStage();
  const [old, young] = [await stage.create('old'), await stage.create('young')];
  for (const jobId of [old, young]) await stage.act(jobId, started);
  await stage.act(old, failed);
  const last = await stage.eventLog.lastSequence();
  await stage.startKeeper({ mayCarry: () => Promise.resolve(false) });
  await eventually(async () => expect(await stage.eventLog.prefix.oldestAgeMs()).toBeGreaterThan(1_500));
  await stage.act(young, failed);
  // Once the old one is gone the keeper goes no further, however long this machine takes for the rest.
  const keptElsewhere = async () => ((await stage.eventLog.messages.span()).first > last ? last : Infinity);
  await stage.startKeeper({ keptElsewhere });
  await eventually(async () => expect(await stage.story(old)).toEqual([]));
  expect(await stage.eventLog.readJob(young)).toMatchObject({ job: { status: 'failed' } });
  await stage.act(young, { kind: 'RequeueJob' });
  const deliveries = await stage.openQueue('young');
  await eventually(() => expect(deliveries[0]?.jobId).toBe(young));
});

test.concurrent(
  'a keeper that dies between a timer and its JobCarried leaves one timer too many, and no job without one',
  async () => {
    await using stage = await keeperStage();
    const { eventLog } = stage;
    class DyingLog extends EventLog {
      override append(): Promise<number> {
        return Promise.reject(new Error('the process is gone'));
      }
    }
    await using dying = await opened(new DyingLog({ url: stage.nats.url, name: 'dying' }));
    const jobId = await stage.create('waiting');
    await using keeper = await stage.startKeeper({ eventLog: dying });
    const deliveries = await stage.openQueue('waiting');
    const calls = () => deliveries.filter(({ causationId }) => causationId.startsWith('timer:')).length;
    await eventually(() => expect(calls()).toBeGreaterThan(0));
    await keeper.stop();
    expect(await stage.story(jobId)).toEqual(['JobCreated']);
    await stage.startKeeper();
    await stage.aged();
    expect(await eventLog.readJob(jobId)).toMatchObject({ job: { status: 'pending' } });
  },
);

test.concurrent('the timer of a retry stays where an attempt fails while its job is carried', async () => {
  await using stage = await keeperStage();
  const jobId = await stage.create('running', { backoff: { type: 'fixed', delayMs: 0 } });
  await stage.act(jobId, { ...started, causationId: 'the-creation' });
  const first = await stage.startKeeper();
  await stage.aged();
  await first.stop();
  const fails = { ...failed, cause: 'error' } as const;
  let isFailed = false;
  class RacingLog extends EventLog {
    override async scheduleWake(wake: Parameters<EventLog['scheduleWake']>[0]): Promise<void> {
      if (!isFailed) {
        isFailed = true;
        const event = await stage.act(jobId, fails);
        if (event.event !== 'JobRetryScheduled') throw new Error(`the attempt led to ${event.event}`);
        await stage.eventLog.scheduleWake({ jobId, jobType: 'running', at: event.data.retryAt });
      }
      return super.scheduleWake(wake);
    }
  }
  await using racing = await opened(new RacingLog({ url: stage.nats.url, name: 'racing' }));
  await stage.startKeeper({ eventLog: racing });
  await stage.aged();
  expect(isFailed).toBe(true);
  const deliveries = await stage.openQueue('running');
  // Once more where the timer of the retry was over before it was set again.
  await eventually(() => expect(new Set(deliveries.map((one) => one.jobId))).toEqual(new Set([jobId])));
});

test.concurrent('two keepers carry each job once an age and lose none', { tags: ['exact'] }, async () => {
  await using stage = await keeperStage();
  const ids = await Promise.all(Array.from({ length: 60 }, (_, index) => stage.create(`type-${index % 3}`)));
  await Promise.all([stage.startKeeper(), stage.startKeeper()]);
  await stage.aged();
  for (const id of ids) expect(await stage.eventLog.readJob(id)).toMatchObject({ job: { status: 'pending' } });
});

const recorded = (key: string) =>
  ({ kind: 'RecordSteps', attempt: 1, steps: [{ name: 'send', key, result: key, durationMs: 1 }] }) as const;

test.concurrent(
  'a job with steps outlives the log with them, and a step that is recorded again changes nothing',
  async () => {
    await using stage = await keeperStage();
    const jobId = await stage.create('waiting');
    await stage.act(jobId, started);
    await stage.act(jobId, recorded('a'));
    const second = await stage.act(jobId, recorded('b'));
    await using _keeper = await stage.startKeeper();
    await stage.aged();
    await stage.aged();
    const found = await stage.eventLog.readJob(jobId);
    expect(found?.job).toMatchObject({ status: 'processing', attempt: 1, stepsRecorded: 2 });
    expect(found?.steps).toMatchObject([
      { key: 'a', result: 'a', attempt: 1 },
      { key: 'b', result: 'b', attempt: 1 },
    ]);
    expect(new Set(await stage.story(jobId))).toEqual(new Set(['JobCarriedWithSteps']));
    const again = { ...second, version: (found?.job.version ?? 0) + 1 };
    await stage.eventLog.append(again, found?.sequence ?? 0).catch(() => undefined);
    expect((await stage.eventLog.readJob(jobId))?.steps).toHaveLength(2);
  },
);

test.concurrent(
  'a process that would lose the steps of a job keeps the log from being shortened behind it',
  async () => {
    await using stage = await keeperStage();
    const jobId = await stage.create('waiting');
    await stage.act(jobId, started);
    await stage.act(jobId, recorded('a'));
    let mayCarrySteps = false;
    const mayCarry = (protocol: number) => Promise.resolve(protocol < STEPS_PROTOCOL || mayCarrySteps);
    const other = await stage.create('waiting');
    await using _keeper = await stage.startKeeper({ mayCarry });
    await eventually(async () => expect(await stage.story(other)).toContain('JobCarried'));
    expect(await stage.story(jobId)).toEqual(['JobCreated', 'JobStarted', 'JobStepsRecorded']);
    expect((await stage.eventLog.messages.span()).first).toBe(1);
    mayCarrySteps = true;
    await stage.aged();
    expect((await stage.eventLog.readJob(jobId))?.steps).toHaveLength(1);
  },
);
