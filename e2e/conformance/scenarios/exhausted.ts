import assert from 'node:assert/strict';
import type { Scenario } from '../scenario.ts';

export const exhausted: Scenario = {
  name: 'exhausted',
  title: 'fails a job when its attempts are used up',
  async run(stage) {
    await stage.startWorker();
    const options = { maxAttempts: 3, backoff: { type: 'fixed', delayMs: 100 } } as const;
    const jobId = await stage.createJob({ do: 'fail', times: 9 }, options);
    const events = await stage.until(jobId, 'failed');
    const retries = events.filter(({ event }) => event === 'JobRetryScheduled');
    assert.equal(retries.length, 2, 'two retries lead to the third attempt');
    for (const one of retries) {
      assert.ok(one.event === 'JobRetryScheduled');
      assert.equal(
        Date.parse(one.data.retryAt) - Date.parse(one.at),
        100,
        'a fixed backoff is kept to the millisecond',
      );
    }
    const failed = events.at(-1);
    assert.ok(failed?.event === 'JobFailed');
    assert.deepEqual([failed.data.attempt, failed.data.reason], [3, 'attempts-exhausted']);
  },
};
