import assert from 'node:assert/strict';
import type { Scenario } from '../scenario.ts';

export const newerEvent: Scenario = {
  name: 'newer-event',
  title: 'leaves an event of a newer schema version to newer workers',
  leavesMessage: true,
  async run(stage) {
    const jobId = crypto.randomUUID();
    const body = JSON.stringify({ v: 2, event: 'JobCreated', id: crypto.randomUUID(), jobId, jobType: 'conformance' });
    const sequence = await stage.writer.publish(`jobs.conformance.${jobId}.created`, body);
    await stage.startWorker();
    await stage.until(await stage.createJob({ do: 'succeed' }), 'completed');
    await stage.eventually(async () => assert.ok(stage.tap.answers('JOBS', sequence).length > 0, 'it is answered'));
    for (const answer of stage.tap.answers('JOBS', sequence)) {
      assert.ok(['-NAK', '+WPI'].includes(answer), `it should be handed back for later, but the answer was ${answer}`);
    }
    assert.equal((await stage.log()).length, 4, 'nothing is appended to it');
  },
};
