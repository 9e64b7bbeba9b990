import assert from 'node:assert/strict';
import type { Scenario } from '../scenario.ts';

export const heartbeat: Scenario = {
  name: 'heartbeat',
  title: 'keeps a job that runs longer than the wait for the acknowledgement',
  async run(stage) {
    await stage.startWorker({ ackWaitMs: 2_000 });
    await stage.startWorker({ ackWaitMs: 2_000 });
    const jobId = await stage.createJob({ do: 'sleep', ms: 7_000 });
    assert.equal((await stage.until(jobId, 'completed')).length, 3, 'it runs once');
  },
};
