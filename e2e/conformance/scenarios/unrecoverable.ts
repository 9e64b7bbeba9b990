import assert from 'node:assert/strict';
import type { Scenario } from '../scenario.ts';
import { namesOf } from '../stage/stage.ts';

export const unrecoverable: Scenario = {
  name: 'unrecoverable',
  title: 'fails a job at once when another attempt would not help',
  async run(stage) {
    await stage.startWorker();
    const jobId = await stage.createJob({ do: 'reject' });
    const events = await stage.until(jobId, 'failed');
    assert.equal(namesOf(events), 'JobCreated JobStarted JobFailed');
    const failed = events.at(-1);
    assert.ok(failed?.event === 'JobFailed');
    assert.deepEqual([failed.data.attempt, failed.data.reason], [1, 'unrecoverable']);
    assert.match(failed.data.error.message, /told to reject/, 'the error is what the handler threw');
  },
};
