import assert from 'node:assert/strict';
import type { Scenario } from '../scenario.ts';

export const cancel: Scenario = {
  name: 'cancel',
  title: 'stops the handler of a cancelled job and appends nothing more',
  async run(stage) {
    await stage.startWorker({ concurrency: 1 });
    const jobId = await stage.createJob({ do: 'sleep', ms: 600_000 });
    await stage.until(jobId, 'processing');
    await stage.record(jobId, { kind: 'CancelJob' });
    // With a concurrency of one, the next job can only run when the handler of the first has ended.
    await stage.until(await stage.createJob({ do: 'succeed' }), 'completed');
    await stage.settled();
    assert.equal((await stage.events(jobId)).length, 3, 'nothing follows on the cancel');
  },
};
