import assert from 'node:assert/strict';
import type { Scenario } from '../scenario.ts';

export const delayed: Scenario = {
  name: 'delayed',
  title: 'parks a delayed job until a timer says that it is due',
  async run(stage) {
    await stage.startWorker();
    const runAt = new Date(Date.now() + 3_000).toISOString();
    const jobId = await stage.createJob({ do: 'succeed' }, { runAt });
    const [, started, completed] = await stage.until(jobId, 'completed');
    assert.ok(started?.event === 'JobStarted' && completed?.event === 'JobCompleted');
    assert.equal(started.data.attempt, 1);
    assert.match(started.causationId ?? '', /^timer:\d+/, 'a timer is the cause of the attempt');
    assert.ok(Date.parse(started.at) >= Date.parse(runAt), 'not before it is due');
    assert.deepEqual(
      stage.heardOf(jobId).slice(0, 2),
      ['timer', '+ACK'],
      'the timer is set before the acknowledgement',
    );
  },
};
