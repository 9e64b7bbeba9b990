import assert from 'node:assert/strict';
import type { Scenario } from '../scenario.ts';

const PAYLOADS = [{ do: 'juggle' }, { do: 'sleep', ms: 'long' }, { do: 'fail' }, 'text', [], null, {}];

export const invalidPayload: Scenario = {
  name: 'invalid-payload',
  title: 'fails a job at once when its payload is not what the handler takes',
  async run(stage) {
    await stage.startWorker();
    for (const payload of PAYLOADS) {
      const jobId = await stage.createJob(payload);
      const failed = (await stage.until(jobId, 'failed')).at(-1);
      assert.ok(failed?.event === 'JobFailed');
      assert.deepEqual([failed.data.attempt, failed.data.reason], [1, 'invalid-payload'], JSON.stringify(payload));
    }
  },
};
