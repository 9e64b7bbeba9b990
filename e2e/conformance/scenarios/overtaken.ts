import assert from 'node:assert/strict';
import type { Scenario } from '../scenario.ts';

export const overtaken: Scenario = {
  name: 'overtaken',
  title: 'drops its result when it stood still so long that another worker took the job over',
  async run(stage) {
    const frozen = await stage.startWorker();
    const jobId = await stage.createJob({ do: 'sleep', ms: 4_000 });
    await stage.until(jobId, 'processing');
    frozen.freeze();
    const other = await stage.startWorker();
    const events = await stage.until(jobId, 'completed');
    assert.equal(events.filter(({ event }) => event === 'JobStarted').length, 2, 'the other worker starts attempt 2');
    await other.terminate();
    frozen.thaw();
    const next = await stage.createJob({ do: 'succeed' });
    await stage.until(next, 'completed');
    await stage.settled();
    assert.equal((await stage.events(jobId)).length, events.length, 'the one that came back appends nothing');
  },
};
