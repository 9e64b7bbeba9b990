import assert from 'node:assert/strict';
import type { Scenario } from '../scenario.ts';

export const unreadable: Scenario = {
  name: 'unreadable',
  title: 'takes what is no event out of the consumers and goes on',
  async run(stage) {
    const jobId = crypto.randomUUID();
    await stage.writer.publish(`jobs.conformance.${jobId}.created`, 'not JSON');
    await stage.writer.publish(`jobs.conformance.${crypto.randomUUID()}.created`, '{"v":1,"event":"JobCreated"}');
    const [created] = await stage.events(await stage.createJob({ do: 'succeed' }));
    const body = JSON.stringify({ ...created, jobId, event: 'JobRequeued', data: {} }); // an event, but not of this subject
    await stage.writer.publish(`jobs.conformance.${jobId}.created`, body);
    await stage.writer.publish('timers.due.conformance', '"neither"');
    await stage.startWorker();
    await stage.until(await stage.createJob({ do: 'succeed' }), 'completed');
    await stage.settled();
    assert.deepEqual(await stage.events(jobId), [], 'nothing is appended');
  },
};
