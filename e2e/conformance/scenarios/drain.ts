import assert from 'node:assert/strict';
import type { Scenario } from '../scenario.ts';

export const drain: Scenario = {
  name: 'drain',
  title: 'lets running jobs finish when it is asked to end, and begins no new ones',
  async run(stage) {
    // With a concurrency of one, what arrives at the moment of the signal can only be begun when the first job has ended.
    const worker = await stage.startWorker({ concurrency: 1 });
    const jobId = await stage.createJob({ do: 'sleep', ms: 4_000 });
    await stage.until(jobId, 'processing');
    const ended = worker.terminate();
    const late = await stage.createJob({ do: 'succeed' });
    await ended;
    assert.equal((await stage.job(jobId)).status, 'completed', 'the running job was finished');
    assert.equal((await stage.job(late)).attempt, 0, 'the new one was not begun');
    await stage.startWorker();
    await stage.until(late, 'completed');
  },
};
