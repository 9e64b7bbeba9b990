import { WAITS_PROTOCOL } from '@jobstream/domain';
import { EventLog } from '@jobstream/eventlog';
import { eventually } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { type KeeperStage, keeperStage } from '../../testing/keeperStage.ts';

const HOUR_MS = 3_600_000;
const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();
const suspended = (until: string) => ({ kind: 'SuspendAttempt', attempt: 1, until, ranMs: 5 }) as const;

/** A job that waits in its first attempt, with a step. */
async function waiting(stage: KeeperStage, until: string): Promise<string> {
  const jobId = await stage.create('waits');
  await stage.act(jobId, { kind: 'StartAttempt', worker: 'worker-1', causationId: 'the-creation' });
  const steps = [{ name: 'sleep', result: until, durationMs: 0 }];
  await stage.act(jobId, { kind: 'RecordSteps', attempt: 1, steps });
  await stage.act(jobId, suspended(until));
  return jobId;
}

/** A log whose timers are noted. */
class WatchedLog extends EventLog {
  readonly times: string[] = [];

  override scheduleWake(wake: Parameters<EventLog['scheduleWake']>[0]): Promise<void> {
    this.times.push(wake.at);
    return super.scheduleWake(wake);
  }
}

async function opened<Log extends EventLog>(log: Log): Promise<Log & AsyncDisposable> {
  await log.start();
  return Object.assign(log, { [Symbol.asyncDispose]: () => log.stop() });
}

test.concurrent(
  'a job that waits for days outlives many ages of the log, with its steps and a timer within the hour',
  async () => {
    await using stage = await keeperStage();
    await using watched = await opened(new WatchedLog({ url: stage.nats.url, name: 'watched' }));
    const until = inMs(72 * HOUR_MS);
    const jobId = await waiting(stage, until);
    const before = await stage.eventLog.readJob(jobId);
    await using _keeper = await stage.startKeeper({ eventLog: watched });
    for (let age = 0; age < 3; age++) await stage.aged();
    const after = await stage.eventLog.readJob(jobId);
    expect(after?.job).toEqual({ ...before?.job, version: after?.job.version });
    expect(after?.job).toMatchObject({ status: 'waiting', runAt: until, ranMs: 5, stepsRecorded: 1 });
    expect(after?.steps).toMatchObject([{ name: 'sleep', result: until }]);
    expect(new Set(await stage.story(jobId))).toEqual(new Set(['JobCarriedWaiting']));
    expect(watched.times.length).toBeGreaterThan(1);
    for (const at of watched.times) expect(Date.parse(at)).toBeLessThanOrEqual(Date.now() + HOUR_MS);
    expect(await stage.timers()).toBe(1);
  },
);

test.concurrent('a job whose wait is over is called for', async () => {
  await using stage = await keeperStage();
  const jobId = await waiting(stage, inMs(0));
  await stage.startKeeper();
  await stage.aged();
  const deliveries = await stage.openQueue('waits');
  await eventually(() => expect(deliveries.map((one) => one.jobId)).toContain(jobId));
  expect(deliveries[0]?.causationId).toMatch(/^timer:/);
});

test.concurrent('a process that would lose a job that waits keeps the log from being shortened behind it', async () => {
  await using stage = await keeperStage();
  const jobId = await waiting(stage, inMs(HOUR_MS));
  let mayCarryWaits = false;
  const mayCarry = (protocol: number) => Promise.resolve(protocol < WAITS_PROTOCOL || mayCarryWaits);
  const other = await stage.create('other');
  await using _keeper = await stage.startKeeper({ mayCarry });
  await eventually(async () => expect(await stage.story(other)).toContain('JobCarried'));
  expect(await stage.story(jobId)).toEqual(['JobCreated', 'JobStarted', 'JobStepsRecorded', 'JobSuspended']);
  expect((await stage.eventLog.messages.span()).first).toBe(1);
  mayCarryWaits = true;
  await stage.aged();
  expect(await stage.eventLog.readJob(jobId)).toMatchObject({ job: { status: 'waiting' } });
});

test.concurrent('the timer of a wait stays where an attempt is suspended while its job is carried', async () => {
  await using stage = await keeperStage();
  const jobId = await stage.create('waits');
  await stage.act(jobId, { kind: 'StartAttempt', worker: 'worker-1', causationId: 'the-creation' });
  let isSuspended = false;
  class RacingLog extends EventLog {
    override async scheduleWake(wake: Parameters<EventLog['scheduleWake']>[0]): Promise<void> {
      if (!isSuspended) {
        isSuspended = true;
        const until = inMs(0);
        await stage.act(jobId, suspended(until));
        await stage.eventLog.scheduleWake({ jobId, jobType: 'waits', at: until });
      }
      return super.scheduleWake(wake);
    }
  }
  await using racing = await opened(new RacingLog({ url: stage.nats.url, name: 'racing' }));
  await stage.startKeeper({ eventLog: racing });
  await stage.aged();
  expect(isSuspended).toBe(true);
  const deliveries = await stage.openQueue('waits');
  await eventually(() => expect(new Set(deliveries.map((one) => one.jobId))).toEqual(new Set([jobId])));
});

test.concurrent(
  'the result of a step keeps the digits with which a worker in another language has recorded it',
  async () => {
    await using stage = await keeperStage();
    const jobId = await stage.create('waits');
    await stage.act(jobId, { kind: 'StartAttempt', worker: 'worker-1', causationId: 'the-creation' });
    const digits = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON('1234567890123456789');
    const steps = [{ name: 'charge', result: { id: digits }, durationMs: 1 }];
    await stage.act(jobId, { kind: 'RecordSteps', attempt: 1, steps });
    await stage.act(jobId, suspended(inMs(HOUR_MS)));
    await stage.startKeeper();
    await stage.aged();
    const { events } = await stage.eventLog.prefix.storedHistory(jobId, 'waits');
    expect(events.map(({ event }) => event.event)).toEqual(['JobCarriedWaiting']);
    expect(JSON.stringify(events)).toContain('"result":{"id":1234567890123456789}');
  },
);
