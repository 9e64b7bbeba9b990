import assert from 'node:assert/strict';
import type { Scenario } from '../scenario.ts';

/** One byte more than is kept, with the quotes. */
const TOO_LARGE = 'x'.repeat(256 * 1024 - 1);

export const largeResult: Scenario = {
  name: 'large-result',
  title: 'fails a job at once when its result is too large to be kept',
  async run(stage) {
    await stage.startWorker();
    const jobId = await stage.createJob({ do: 'succeed', result: TOO_LARGE });
    const largest = await stage.createJob({ do: 'succeed', result: TOO_LARGE.slice(1) });
    const failed = (await stage.until(jobId, 'failed')).at(-1);
    assert.ok(failed?.event === 'JobFailed');
    assert.deepEqual([failed.data.attempt, failed.data.reason], [1, 'unrecoverable']);
    await stage.until(largest, 'completed');
  },
};
