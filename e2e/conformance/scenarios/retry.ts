import assert from 'node:assert/strict';
import type { Scenario } from '../scenario.ts';
import { namesOf } from '../stage/stage.ts';

const DELAY_MS = 1_500;

export const retry: Scenario = {
  name: 'retry',
  title: 'lets a timer wake a failed job for its next attempt, after the backoff',
  async run(stage) {
    await stage.startWorker();
    const backoff = { type: 'exponential', delayMs: DELAY_MS, maxDelayMs: 60_000, jitter: 0.5 } as const;
    const jobId = await stage.createJob({ do: 'fail', times: 1 }, { backoff });
    const events = await stage.until(jobId, 'completed');
    assert.equal(namesOf(events), 'JobCreated JobStarted JobRetryScheduled JobStarted JobCompleted');
    const [, , retried, second] = events;
    assert.ok(retried?.event === 'JobRetryScheduled' && second?.event === 'JobStarted');
    assert.match(retried.data.error.message, /told to fail/, 'the error is what the handler threw');
    const delay = Date.parse(retried.data.retryAt) - Date.parse(retried.at);
    assert.ok(delay >= DELAY_MS / 2 - 1 && delay <= DELAY_MS, `half of ${DELAY_MS} to ${DELAY_MS} ms, not ${delay}`);
    assert.equal(second.data.attempt, 2);
    assert.match(second.causationId ?? '', /^timer:\d+(#\d+)?$/, 'a timer is the cause of the second attempt');
    assert.ok(Date.parse(second.at) >= Date.parse(retried.data.retryAt), 'not before it is due');
    const heard = stage.heardOf(jobId).slice(0, 4);
    assert.deepEqual(heard, ['JobStarted', 'JobRetryScheduled', 'timer', '+ACK'], 'event, timer, acknowledgement');
  },
};
