import { SIGNALS_PROTOCOL } from '@jobstream/domain';
import { eventually } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { type KeeperStage, keeperStage } from '../../testing/keeperStage.ts';

const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();
const signal = (name: string, payload: unknown) => ({ kind: 'SignalJob', name, payload }) as const;

/** A job whose first attempt waits for the signal `approved`. */
async function waitingForApproval(stage: KeeperStage): Promise<string> {
  const jobId = await stage.create('signalled');
  await stage.act(jobId, { kind: 'StartAttempt', worker: 'worker-1', causationId: 'the-creation' });
  await stage.act(jobId, { kind: 'SuspendAttempt', attempt: 1, until: inAnHour(), ranMs: 5, signals: ['approved'] });
  return jobId;
}

/** Sends the job three signals; returns their ids. */
async function sendThree(stage: KeeperStage, jobId: string): Promise<readonly string[]> {
  const { id: first } = await stage.act(jobId, signal('paid', { cents: 5 }));
  const { id: second } = await stage.act(jobId, signal('note', null));
  const { id: third } = await stage.act(jobId, signal('paid', 'again'));
  return [first, second, third];
}

const events = async (stage: KeeperStage, jobId: string) => [...new Set(await stage.story(jobId))];

test.concurrent('signals that no step has read outlive many ages of the log with their jobs', async () => {
  await using stage = await keeperStage();
  const [pending, waiting] = [await stage.create('signalled'), await waitingForApproval(stage)];
  const ids = new Map<string, readonly string[]>();
  for (const jobId of [pending, waiting]) ids.set(jobId, await sendThree(stage, jobId));
  const before = await stage.eventLog.readJob(waiting);
  await using _keeper = await stage.startKeeper();
  for (let age = 0; age < 2; age++) await stage.aged();
  const after = await stage.eventLog.readJob(waiting);
  expect(after?.job).toEqual({ ...before?.job, version: after?.job.version });
  expect(after?.job).toMatchObject({ status: 'waiting', awaits: ['approved'], unread: { paid: 2, note: 1 } });
  for (const [jobId, sent] of ids) {
    const signals = (await stage.eventLog.readJob(jobId))?.signals ?? [];
    expect(signals.map(({ id }) => id)).toEqual(sent);
    expect(signals.map(({ name, payload }) => [name, payload])).toEqual([
      ['paid', { cents: 5 }],
      ['note', null],
      ['paid', 'again'],
    ]);
  }
  expect(await events(stage, pending)).toEqual(['JobCarriedWithSteps']);
  expect(await events(stage, waiting)).toEqual(['JobCarriedWaiting']);
});

test.concurrent('a signal that was carried can be read by a step, and is carried no more then', async () => {
  await using stage = await keeperStage();
  const jobId = await stage.create('signalled');
  const { id } = await stage.act(jobId, signal('approved', { by: 'ann' }));
  await using _keeper = await stage.startKeeper();
  await stage.aged();
  await stage.act(jobId, { kind: 'StartAttempt', worker: 'worker-1', causationId: 'the-creation' });
  const read = { name: 'approval', signal: { id, name: 'approved' }, result: { by: 'ann' }, durationMs: 0 };
  await stage.act(jobId, { kind: 'RecordSteps', attempt: 1, steps: [read] });
  await stage.aged();
  const found = await stage.eventLog.readJob(jobId);
  expect(found).not.toHaveProperty('signals');
  expect(found?.job).not.toHaveProperty('unread');
  expect(found?.steps).toMatchObject([read]);
});

test.concurrent('a job whose awaited signal has come is called for at once when it is carried', async () => {
  await using stage = await keeperStage();
  const jobId = await waitingForApproval(stage);
  await stage.act(jobId, signal('approved', null));
  await stage.startKeeper();
  await stage.aged();
  const deliveries = await stage.openQueue('signalled');
  await eventually(() => expect(deliveries.map((one) => one.jobId)).toContain(jobId));
  expect(deliveries[0]?.causationId).toMatch(/^timer:/);
});

test.concurrent('a job of which a worker has recorded a signal that it was never sent keeps its events', async () => {
  await using stage = await keeperStage();
  const jobId = await stage.create('signalled');
  await stage.act(jobId, signal('approved', null));
  await stage.act(jobId, { kind: 'StartAttempt', worker: 'worker-1', causationId: 'the-creation' });
  const read = { name: 'approval', signal: { id: 'another', name: 'approved' }, result: null, durationMs: 0 };
  await stage.act(jobId, { kind: 'RecordSteps', attempt: 1, steps: [read] });
  const other = await stage.create('other');
  await using _keeper = await stage.startKeeper();
  await eventually(async () => expect(await stage.story(other)).toContain('JobCarried'));
  expect(await stage.story(jobId)).toEqual(['JobCreated', 'JobSignalled', 'JobStarted', 'JobStepsRecorded']);
  expect((await stage.eventLog.messages.span()).first).toBe(1);
});

test.concurrent(
  'a process that would lose the signals of a job keeps the log from being shortened behind it',
  async () => {
    await using stage = await keeperStage();
    const [pending, waiting] = [await stage.create('signalled'), await waitingForApproval(stage)];
    await stage.act(pending, signal('approved', null));
    const other = await stage.create('other');
    let mayCarrySignals = false;
    const mayCarry = (protocol: number) => Promise.resolve(protocol < SIGNALS_PROTOCOL || mayCarrySignals);
    await using _keeper = await stage.startKeeper({ mayCarry });
    await eventually(async () => expect(await stage.story(other)).toContain('JobCarried'));
    expect(await stage.story(pending)).toEqual(['JobCreated', 'JobSignalled']);
    expect(await stage.story(waiting)).toEqual(['JobCreated', 'JobStarted', 'JobSuspended']);
    mayCarrySignals = true;
    await stage.aged();
    expect((await stage.eventLog.readJob(pending))?.signals).toHaveLength(1);
    expect((await stage.eventLog.readJob(waiting))?.job).toMatchObject({ awaits: ['approved'] });
  },
);
