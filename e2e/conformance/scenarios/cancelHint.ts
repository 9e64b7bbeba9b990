import assert from 'node:assert/strict';
import type { Scenario } from '../scenario.ts';

export const cancelHint: Scenario = {
  name: 'cancel-hint',
  title: 'does not believe a cancel that the log has refused',
  async run(stage) {
    await stage.startWorker();
    const jobId = await stage.createJob({ do: 'sleep', ms: 4_000 });
    await stage.until(jobId, 'processing');
    const filter = `jobs.conformance.${jobId}.>`;
    const refused = stage.writer.publish(`jobs.conformance.${jobId}.cancelled`, '{}', { expected: 1_000, filter });
    await assert.rejects(refused, /wrong last sequence/);
    assert.equal((await stage.until(jobId, 'completed')).length, 3, 'the job runs once, to its end');
  },
};
