import assert from 'node:assert/strict';
import type { Scenario } from '../scenario.ts';
import { workConsumers } from '../stage/workConsumers.ts';

const COMMON = { ack_policy: 'explicit', deliver_policy: 'all', max_deliver: -1, ack_wait: 2_000_000_000 };
const FILTERS: Readonly<Record<string, string>> = {
  'worker-conformance': 'jobs.conformance.*.created',
  'requeued-conformance': 'jobs.conformance.*.requeued',
  'due-conformance': 'timers.due.conformance',
};

export const consumers: Scenario = {
  name: 'consumers',
  title: 'shares its work with others by the three durable consumers of the job type',
  async run(stage) {
    await stage.startWorker();
    for (const { name, config } of await workConsumers(stage.connection)) {
      const wanted = { ...COMMON, durable_name: name };
      const found = Object.fromEntries(Object.keys(wanted).map((key) => [key, config[key]]));
      assert.deepEqual(found, wanted, `the settings of ${name}`);
      assert.deepEqual(filtersOf(config), [FILTERS[name]], `the only filter of ${name}`);
    }
    // The other one finds the consumers there, and must take them as they are.
    await stage.startWorker();
    const jobs = await Promise.all(Array.from({ length: 20 }, () => stage.createJob({ do: 'sleep', ms: 50 })));
    for (const jobId of jobs) assert.equal((await stage.until(jobId, 'completed')).length, 3, 'each job runs once');
  },
};

/** Clients write a single filter as such, or as a list of one. */
function filtersOf({ filter_subject: one, filter_subjects: several }: Readonly<Record<string, unknown>>): unknown {
  return several ?? [one];
}
