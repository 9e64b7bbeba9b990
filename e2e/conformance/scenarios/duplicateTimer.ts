import assert from 'node:assert/strict';
import type { Scenario } from '../scenario.ts';
import { JOB_TYPE } from '../stage/kitWriter.ts';

export const duplicateTimer: Scenario = {
  name: 'duplicate-timer',
  title: 'leaves a running job alone when a timer for it comes late or twice',
  async run(stage) {
    await stage.startWorker();
    const jobId = await stage.createJob({ do: 'sleep', ms: 5_000 });
    await stage.until(jobId, 'processing');
    const wake = JSON.stringify({ jobId, jobType: JOB_TYPE, at: new Date().toISOString() });
    await stage.writer.publish(`timers.due.${JOB_TYPE}`, wake);
    assert.equal((await stage.until(jobId, 'completed')).length, 3, 'the job runs once');
    await stage.writer.publish(`timers.due.${JOB_TYPE}`, wake);
    const nobody = JSON.stringify({ jobId: crypto.randomUUID(), jobType: JOB_TYPE, at: new Date().toISOString() });
    await stage.writer.publish(`timers.due.${JOB_TYPE}`, nobody);
    await stage.settled();
    assert.equal((await stage.events(jobId)).length, 3, 'a timer for a completed job does nothing');
  },
};
