import assert from 'node:assert/strict';
import type { Scenario } from '../scenario.ts';

export const conflict: Scenario = {
  name: 'conflict',
  title: 'drops a job that others have moved on, and goes on with the next',
  async run(stage) {
    const [cancelled, completed] = [await stage.createJob({ do: 'succeed' }), await stage.createJob({ do: 'succeed' })];
    await stage.record(cancelled, { kind: 'CancelJob' });
    await stage.record(completed, { kind: 'StartAttempt', worker: 'another' });
    await stage.record(completed, { kind: 'CompleteAttempt', attempt: 1, durationMs: 1, result: 'of the other' });
    await stage.startWorker();
    const next = await stage.createJob({ do: 'succeed' });
    await stage.until(next, 'completed');
    await stage.settled();
    assert.equal((await stage.events(cancelled)).length, 2, 'nothing is appended to the cancelled job');
    assert.equal((await stage.events(completed)).length, 3, 'nothing is appended to the completed job');
  },
};
