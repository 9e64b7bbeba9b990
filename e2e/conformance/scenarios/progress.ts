import assert from 'node:assert/strict';
import type { Scenario } from '../scenario.ts';

export const progress: Scenario = {
  name: 'progress',
  title: 'appends what the handler says about its progress',
  async run(stage) {
    await stage.startWorker();
    const jobId = await stage.createJob({ do: 'progress', steps: 4 });
    const reports = (await stage.until(jobId, 'completed')).flatMap((event) =>
      event.event === 'JobProgressed' ? [event.data.percent ?? -1] : [],
    );
    assert.equal(reports.at(-1), 100, 'the last report is in the log, whichever of the others were skipped');
    assert.deepEqual(
      reports,
      reports.toSorted((left, right) => left - right),
      'in their order',
    );
  },
};
