import assert from 'node:assert/strict';
import type { Scenario } from '../scenario.ts';

export const workerLost: Scenario = {
  name: 'worker-lost',
  title: 'fails a job whose last attempt was lost with its worker',
  async run(stage) {
    const first = await stage.startWorker();
    const jobId = await stage.createJob({ do: 'sleep', ms: 60_000 }, { maxAttempts: 1 });
    await stage.until(jobId, 'processing');
    await first.kill();
    await stage.startWorker();
    const failed = (await stage.until(jobId, 'failed')).at(-1);
    assert.ok(failed?.event === 'JobFailed');
    assert.deepEqual([failed.data.attempt, failed.data.reason], [1, 'worker-lost']);
  },
};
