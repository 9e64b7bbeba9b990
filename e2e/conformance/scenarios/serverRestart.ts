import assert from 'node:assert/strict';
import type { Scenario } from '../scenario.ts';

export const serverRestart: Scenario = {
  name: 'server-restart',
  title: 'finishes its job when the server was away at the wrong moment',
  async run(stage) {
    await stage.startWorker();
    const jobId = await stage.createJob({ do: 'sleep', ms: 4_000 });
    await stage.until(jobId, 'processing');
    await stage.nats.kill('SIGKILL');
    await stage.worldStandsStill(5_000); // the job ends meanwhile
    await stage.nats.restart();
    const events = await stage.until(jobId, 'completed');
    assert.equal(events.filter(({ event }) => event === 'JobCompleted').length, 1);
    await stage.until(await stage.createJob({ do: 'succeed' }), 'completed');
  },
};
