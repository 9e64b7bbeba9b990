import assert from 'node:assert/strict';
import type { Scenario } from '../scenario.ts';

export const redelivery: Scenario = {
  name: 'redelivery',
  title: 'goes on with the next attempt when the worker of a job was killed',
  async run(stage) {
    const first = await stage.startWorker();
    const jobId = await stage.createJob({ do: 'sleep', ms: 4_000 });
    await stage.until(jobId, 'processing');
    await first.kill();
    await stage.startWorker();
    const [created, one, two, completed] = await stage.until(jobId, 'completed');
    assert.ok(created && one?.event === 'JobStarted' && two?.event === 'JobStarted', 'it starts twice');
    assert.deepEqual([one.data.attempt, two.data.attempt], [1, 2], 'the attempts');
    assert.notEqual(two.data.worker, one.data.worker, 'each start of a worker has a name of its own');
    assert.match(two.causationId ?? '', new RegExp(`^${created.id}#[2-9]$`), 'the cause names the delivery');
    assert.equal(completed?.event, 'JobCompleted');
  },
};
