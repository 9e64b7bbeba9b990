import assert from 'node:assert/strict';
import type { Scenario } from '../scenario.ts';
import { namesOf } from '../stage/stage.ts';

/** So long that the second worker can only get the message because the first has handed it back. */
const ACK_WAIT_MS = 300_000;

export const release: Scenario = {
  name: 'release',
  title: 'hands a job back when it must end before the job does, and burns no attempt',
  async run(stage) {
    const first = await stage.startWorker({ shutdownGraceMs: 500, ackWaitMs: ACK_WAIT_MS });
    const jobId = await stage.createJob({ do: 'sleep', ms: 8_000 }, { maxAttempts: 1 });
    await stage.until(jobId, 'processing');
    await first.terminate();
    await stage.startWorker({ ackWaitMs: ACK_WAIT_MS });
    const events = await stage.until(jobId, 'completed');
    assert.equal(namesOf(events), 'JobCreated JobStarted JobReleased JobStarted JobCompleted');
    const again = events[3];
    assert.ok(again?.event === 'JobStarted');
    assert.equal(again.data.attempt, 1, 'it is the first attempt again');
  },
};
