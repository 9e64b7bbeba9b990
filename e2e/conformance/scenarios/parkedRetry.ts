import assert from 'node:assert/strict';
import type { Scenario } from '../scenario.ts';

export const parkedRetry: Scenario = {
  name: 'parked-retry',
  title: 'sets the timer again when a worker died between a retry and its timer',
  async run(stage) {
    await (await stage.startWorker()).terminate(); // the consumers are there now
    const jobId = await stage.createJob({ do: 'succeed' }, { backoff: { type: 'fixed', delayMs: 100 } });
    const causationId = await stage.takeMessage(); // and never answer it
    await stage.record(jobId, { kind: 'StartAttempt', worker: 'another', causationId });
    const error = { name: 'Error', message: 'of the other' };
    const failed = { kind: 'FailAttempt', attempt: 1, error, cause: 'error', random: 0, durationMs: 1 } as const;
    await stage.record(jobId, { ...failed, causationId });
    await stage.startWorker();
    const started = (await stage.until(jobId, 'completed')).findLast(({ event }) => event === 'JobStarted');
    assert.ok(started?.event === 'JobStarted');
    assert.equal(started.data.attempt, 2);
    assert.match(started.causationId ?? '', /^timer:/, 'the timer starts the attempt, not the message that came again');
  },
};
