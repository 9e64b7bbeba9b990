import assert from 'node:assert/strict';
import type { Scenario } from '../scenario.ts';

export const foreignMessage: Scenario = {
  name: 'foreign-message',
  title: 'is not led astray by a message that is no event, or the event of another subject',
  async run(stage) {
    const jobId = await stage.createJob({ do: 'succeed' });
    const [created] = await stage.events(jobId);
    const filter = `jobs.conformance.${jobId}.>`;
    const [sequence] = stage.writer.sequencesOf(jobId);
    const at = { expected: sequence ?? 0, filter };
    // It says that the job is completed, where only progress can be told.
    const data = { attempt: 1, durationMs: 1 };
    const body = JSON.stringify({ ...created, id: crypto.randomUUID(), event: 'JobCompleted', version: 2, data });
    const foreign = await stage.writer.publish(`jobs.conformance.${jobId}.progressed`, body, at);
    await stage.writer.publish(`jobs.conformance.${jobId}.progressed`, 'not JSON', { ...at, expected: foreign });
    await stage.startWorker();
    const events = await stage.until(jobId, 'completed');
    assert.equal(events.at(-1)?.actor.kind, 'worker', 'the worker ran it');
  },
};
