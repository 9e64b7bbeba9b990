import assert from 'node:assert/strict';
import type { Scenario } from '../scenario.ts';
import { namesOf } from '../testbed/testbed.ts';
import { workConsumers } from '../testbed/workConsumers.ts';

const CONSUMER_SETTINGS = { ack_policy: 'explicit', deliver_policy: 'all', max_deliver: -1, ack_wait: 2_000_000_000 };
const FILTERS: Readonly<Record<string, string>> = {
  'worker-conformance': 'jobs.conformance.*.created',
  'requeued-conformance': 'jobs.conformance.*.requeued',
  'due-conformance': 'timers.due.conformance',
};
const INVALID_PAYLOADS = [{ do: 'juggle' }, { do: 'sleep', ms: 'long' }, { do: 'fail' }, 'text', [], null, {}];
/** Longer than a worker takes to start. */
const LATE_MS = 2_000;
/** One byte more than is kept, with the quotes. */
const LONGEST_STACK = 4_096;
const TOO_LARGE = 'x'.repeat(256 * 1024 - 1);

/** What becomes of a job whose worker keeps running: results, failures, retries used up, progress. */
export const outcomeScenarios: readonly Scenario[] = [
  {
    name: 'fast-path',
    title: 'runs a new job once and keeps its result',
    async run(testbed) {
      await testbed.startWorker();
      const result = { text: 'žluťoučký 🐎', nested: [1, { half: 0.5, none: null }] };
      const jobId = await testbed.createJob({ do: 'succeed', result }, { tenant: 'acme' });
      const silent = await testbed.createJob({ do: 'succeed' });
      const [created, started, completed, ...more] = await testbed.reaches(jobId, 'completed');
      assert.ok(created && started?.event === 'JobStarted' && completed?.event === 'JobCompleted');
      assert.deepEqual(more, [], 'nothing follows on the completion');
      assert.equal(started.data.attempt, 1);
      assert.equal(started.causationId, created.id, 'the JobStarted names the JobCreated as its cause');
      assert.deepEqual(completed.data.result, result, 'the result is what the handler returned');
      await testbed.reaches(silent, 'completed');
      await testbed.untilIdle();
      assert.equal((await testbed.events(jobId)).length, 3, 'it stays at three events');
      assert.deepEqual(
        testbed.heardOf(jobId),
        ['JobStarted', 'JobCompleted', '+ACK'],
        'the acknowledgement comes last',
      );
    },
  },
  {
    name: 'consumers',
    title: 'shares its work with others by the three durable consumers of the job type, and leaves them as they are',
    async run(testbed) {
      await testbed.startWorker();
      for (const { name, config } of await workConsumers(testbed.connection)) {
        const wanted = { ...CONSUMER_SETTINGS, durable_name: name };
        const found = Object.fromEntries(Object.keys(wanted).map((key) => [key, config[key]]));
        assert.deepEqual(found, wanted, `the settings of ${name}`);
        assert.deepEqual(filtersOf(config), [FILTERS[name]], `the only filter of ${name}`);
      }
      await testbed.startWorker();
      const jobs = await Promise.all(Array.from({ length: 20 }, () => testbed.createJob({ do: 'sleep', ms: 50 })));
      for (const jobId of jobs)
        assert.equal((await testbed.reaches(jobId, 'completed')).length, 3, 'each job runs once');
    },
  },
  {
    name: 'late-consumers',
    title: 'waits for consumers that are missing when it starts, without ending',
    async run(testbed) {
      const worker = await testbed.startWorker({ withoutConsumers: true });
      await testbed.wait(LATE_MS);
      assert.equal(worker.isOver, false, 'the worker waits');
      const jobId = await testbed.createJob({ do: 'succeed' });
      await testbed.createConsumers();
      await testbed.reaches(jobId, 'completed');
    },
  },
  {
    name: 'unrecoverable',
    title: 'fails a job at once when another attempt would not help',
    async run(testbed) {
      await testbed.startWorker();
      const jobId = await testbed.createJob({ do: 'reject' });
      const events = await testbed.reaches(jobId, 'failed');
      assert.equal(namesOf(events), 'JobCreated JobStarted JobFailed');
      const failed = events.at(-1);
      assert.ok(failed?.event === 'JobFailed');
      assert.deepEqual([failed.data.attempt, failed.data.reason], [1, 'unrecoverable']);
      const { message, stack = '' } = failed.data.error;
      assert.match(message, /told to reject/, 'the error is what the handler threw');
      assert.ok(stack.length <= LONGEST_STACK, `a stack has up to ${LONGEST_STACK} characters`);
    },
  },
  {
    name: 'invalid-payload',
    title: 'fails a job at once when its payload is not what the handler takes',
    async run(testbed) {
      await testbed.startWorker();
      for (const payload of INVALID_PAYLOADS) {
        const jobId = await testbed.createJob(payload);
        await testbed.failsWith(jobId, 1, 'invalid-payload');
      }
    },
  },
  {
    name: 'large-result',
    title: 'fails a job at once when its result is too large to be kept',
    async run(testbed) {
      await testbed.startWorker();
      const jobId = await testbed.createJob({ do: 'succeed', result: TOO_LARGE });
      const largest = await testbed.createJob({ do: 'succeed', result: TOO_LARGE.slice(1) });
      await testbed.failsWith(jobId, 1, 'unrecoverable');
      await testbed.reaches(largest, 'completed');
    },
  },
  {
    name: 'timeout',
    title: 'ends an attempt that takes longer than the job allows, as a failure',
    async run(testbed) {
      await testbed.startWorker({ concurrency: 1 });
      const options = { timeoutMs: 300, maxAttempts: 2, backoff: { type: 'fixed', delayMs: 100 } } as const;
      const jobId = await testbed.createJob({ do: 'sleep', ms: 600_000 }, options);
      await testbed.failsWith(jobId, 2, 'attempts-exhausted');
      await testbed.reaches(await testbed.createJob({ do: 'succeed' }), 'completed');
    },
  },
  {
    name: 'exhausted',
    title: 'fails a job when its attempts are used up',
    async run(testbed) {
      await testbed.startWorker();
      const options = { maxAttempts: 3, backoff: { type: 'fixed', delayMs: 100 } } as const;
      const jobId = await testbed.createJob({ do: 'fail', times: 9 }, options);
      const events = await testbed.reaches(jobId, 'failed');
      const retries = events.filter(({ event }) => event === 'JobRetryScheduled');
      assert.equal(retries.length, 2, 'two retries lead to the third attempt');
      for (const one of retries) {
        assert.ok(one.event === 'JobRetryScheduled');
        assert.equal(
          Date.parse(one.data.retryAt) - Date.parse(one.at),
          100,
          'a fixed backoff is kept to the millisecond',
        );
      }
      await testbed.failsWith(jobId, 3, 'attempts-exhausted');
    },
  },
  {
    name: 'requeued',
    title: 'runs a requeued job with a fresh budget of attempts',
    async run(testbed) {
      await testbed.startWorker();
      const options = { maxAttempts: 1, backoff: { type: 'fixed', delayMs: 0 } } as const;
      const jobId = await testbed.createJob({ do: 'sleep', ms: 100 }, options);
      await testbed.reaches(jobId, 'completed');
      const failing = await testbed.createJob({ do: 'fail', times: 1 }, options);
      await testbed.reaches(failing, 'failed');
      const requeue = await testbed.record(failing, { kind: 'RequeueJob' });
      await testbed.eventually(async () => assert.ok((await testbed.events(failing)).length >= 6, 'it runs again'));
      const [, , , , started, failed] = await testbed.events(failing);
      assert.ok(started?.event === 'JobStarted' && failed?.event === 'JobFailed');
      assert.equal(started.data.attempt, 1, 'attempts count from 1 again');
      assert.equal(started.causationId, requeue.id, 'the JobRequeued is the cause');
    },
  },
  {
    name: 'progress',
    title: 'appends what the handler says about its progress',
    async run(testbed) {
      await testbed.startWorker();
      const jobId = await testbed.createJob({ do: 'progress', steps: 4 });
      const reports = (await testbed.reaches(jobId, 'completed')).flatMap((event) =>
        event.event === 'JobProgressed' ? [event.data.percent ?? -1] : [],
      );
      assert.equal(reports.at(-1), 100, 'the last report is in the log, whichever of the others were skipped');
      assert.deepEqual(
        reports,
        reports.toSorted((left, right) => left - right),
        'in their order',
      );
    },
  },
];

/** Clients write a single filter as such, or as a list of one. */
function filtersOf({ filter_subject: one, filter_subjects: several }: Readonly<Record<string, unknown>>): unknown {
  return several ?? [one];
}
