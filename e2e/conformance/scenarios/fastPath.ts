import assert from 'node:assert/strict';
import type { Scenario } from '../scenario.ts';

export const fastPath: Scenario = {
  name: 'fast-path',
  title: 'runs a new job once and keeps its result',
  async run(stage) {
    await stage.startWorker();
    const result = { text: 'žluťoučký 🐎', nested: [1, { half: 0.5, none: null }] };
    const jobId = await stage.createJob({ do: 'succeed', result }, { tenant: 'acme' });
    const silent = await stage.createJob({ do: 'succeed' });
    const [created, started, completed, ...more] = await stage.until(jobId, 'completed');
    assert.ok(created && started?.event === 'JobStarted' && completed?.event === 'JobCompleted');
    assert.deepEqual(more, [], 'nothing follows on the completion');
    assert.equal(started.data.attempt, 1);
    assert.equal(started.causationId, created.id, 'the JobStarted names the JobCreated as its cause');
    assert.deepEqual(completed.data.result, result, 'the result is what the handler returned');
    await stage.until(silent, 'completed');
    await stage.settled();
    assert.equal((await stage.events(jobId)).length, 3, 'it stays at three events');
    assert.deepEqual(stage.heardOf(jobId), ['JobStarted', 'JobCompleted', '+ACK'], 'the acknowledgement comes last');
  },
};
