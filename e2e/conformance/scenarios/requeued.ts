import assert from 'node:assert/strict';
import type { Scenario } from '../scenario.ts';

export const requeued: Scenario = {
  name: 'requeued',
  title: 'runs a requeued job with a fresh budget of attempts',
  async run(stage) {
    await stage.startWorker();
    const options = { maxAttempts: 1, backoff: { type: 'fixed', delayMs: 0 } } as const;
    const jobId = await stage.createJob({ do: 'sleep', ms: 100 }, options);
    await stage.until(jobId, 'completed');
    const failing = await stage.createJob({ do: 'fail', times: 1 }, options);
    await stage.until(failing, 'failed');
    const requeue = await stage.record(failing, { kind: 'RequeueJob' });
    await stage.eventually(async () => assert.ok((await stage.events(failing)).length >= 6, 'it runs again'));
    const [, , , , started, failed] = await stage.events(failing);
    assert.ok(started?.event === 'JobStarted' && failed?.event === 'JobFailed');
    assert.equal(started.data.attempt, 1, 'attempts count from 1 again');
    assert.equal(started.causationId, requeue.id, 'the JobRequeued is the cause');
  },
};
