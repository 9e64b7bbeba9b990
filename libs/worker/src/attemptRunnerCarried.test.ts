import { eventually } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { handlerOf, sharedServer } from '../testing/startTestWorker.ts';

const { log, startWorker } = await sharedServer();

const carry = (jobId: string, keepsCause: boolean) => log.act(jobId, { kind: 'CarryJob', keepsCause });
const started = { kind: 'StartAttempt', worker: 'lost' } as const;

/** What a keeper does before the log loses events of a job. */
async function carryAndCall(jobId: string, jobType: string): Promise<void> {
  await log.eventLog.scheduleWake({ jobId, jobType, at: new Date().toISOString() });
  await carry(jobId, false);
}

test('a running attempt goes on behind each JobCarried, with the next version', async () => {
  const steps = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  await using worker = await startWorker(async (ctx) => {
    await steps[0]?.promise;
    ctx.progress({ percent: 50 });
    await steps[1]?.promise;
    return 'done';
  });
  const { jobId } = await log.create(worker.type, { maxAttempts: 1 });
  await log.until(jobId, 'processing');
  for (const keepsCause of [true, false]) await carry(jobId, keepsCause);
  steps[0]?.resolve();
  await eventually(async () => expect(await log.story(jobId)).toContain('JobProgressed 1'));
  await carry(jobId, true);
  steps[1]?.resolve();
  await log.until(jobId, 'completed');
  const names = 'Created Started Carried Carried Progressed Carried Completed'.split(' ').map((name) => `Job${name}`);
  const history = await log.history(jobId);
  expect(history.map(({ event, version }) => [version, event])).toEqual(names.map((name, index) => [index + 1, name]));
});

test('an attempt that was overtaken is given up although the job was carried', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  await using worker = await startWorker(() => promise);
  const { jobId } = await log.create(worker.type);
  await log.until(jobId, 'processing');
  await log.act(jobId, { kind: 'TakeOverAttempt', attempt: 1, worker: 'another' });
  await carry(jobId, true);
  resolve();
  await eventually(() => expect(worker.lines.join()).toMatch(/overtaken|conflict|moved on/));
  expect((await log.story(jobId)).slice(1)).toEqual(['JobStarted 1', 'JobStarted 2', 'JobCarried 2']);
});

test('a carried job is started by its timer, and not by the creation before it', async () => {
  const type = 'carried-pending';
  const { jobId } = await log.create(type);
  await carryAndCall(jobId, type);
  await using _worker = await startWorker(handlerOf(() => 'done', type));
  await log.until(jobId, 'completed');
  const start = (await log.history(jobId)).find(({ event }) => event === 'JobStarted');
  expect(start?.causationId).toMatch(/^timer:/);
});

test('an attempt whose message is lost is taken over when its timer comes', async () => {
  const type = 'carried-running';
  const { jobId } = await log.create(type);
  await log.act(jobId, started);
  await carryAndCall(jobId, type);
  await using _worker = await startWorker(
    handlerOf(() => 'done', type),
    {
      ackWaitMs: 500,
    },
  );
  expect((await log.storyUntil(jobId, 'completed')).slice(2)).toEqual([
    'JobCarried 1',
    'JobStarted 2',
    'JobCompleted 2',
  ]);
});

test('a released attempt that was carried is called for by a timer', async () => {
  const first = await startWorker(() => new Promise(() => {}));
  const { jobId } = await log.create(first.type);
  await log.until(jobId, 'processing');
  await carry(jobId, false);
  await first.stop();
  expect((await log.story(jobId)).slice(2)).toEqual(['JobCarried 1', 'JobReleased 1']);
  await using _next = await startWorker(handlerOf(() => 'done', first.type));
  expect((await log.storyUntil(jobId, 'completed')).slice(4)).toEqual(['JobStarted 1', 'JobCompleted 1']);
});
