import assert from 'node:assert/strict';
import type { Scenario } from '../scenario.ts';

export const timeout: Scenario = {
  name: 'timeout',
  title: 'ends an attempt that takes longer than the job allows, as a failure',
  async run(stage) {
    await stage.startWorker({ concurrency: 1 });
    const options = { timeoutMs: 300, maxAttempts: 2, backoff: { type: 'fixed', delayMs: 100 } } as const;
    const jobId = await stage.createJob({ do: 'sleep', ms: 600_000 }, options);
    const failed = (await stage.until(jobId, 'failed')).at(-1);
    assert.ok(failed?.event === 'JobFailed');
    assert.deepEqual([failed.data.attempt, failed.data.reason], [2, 'attempts-exhausted']);
    await stage.until(await stage.createJob({ do: 'succeed' }), 'completed');
  },
};
