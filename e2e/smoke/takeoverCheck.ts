import assert from 'node:assert/strict';
import { type Job, JobstreamClient } from '@jobstream/client';
import type { RunningSystem, TestProcess } from '@jobstream/test-support';
import type { Check } from '../harness/runChecks.ts';
import { doneBy } from './doneBy.ts';
import type { ReadmeProject } from './readmeProject.ts';

const SCRIPT = 'stallWorker.ts';
/** A worker that is silent for a second has lost its job. */
const SETTINGS = { ACK_WAIT_MS: '1000' };

/** A worker is killed in the middle of a job, which another one has to complete. */
export function takeoverCheck(installing: Promise<ReadmeProject>, starting: Promise<RunningSystem>): Check {
  return {
    name: 'when a worker is killed, another one completes its job',
    run: async () => {
      const [project, system] = [await installing, await starting];
      const client = new JobstreamClient({ url: system.api, jobWarnings: false });
      await using killed = await project.run(SCRIPT, system, { ...SETTINGS, STALL: 'true' });
      const { id } = await client.jobs.create({ type: 'stall', payload: {} });
      await killed.wrote('attempt 1 runs');
      killed.kill('SIGKILL');
      assert.equal(await killed.ended, 'SIGKILL', killed.output);
      await using other = await project.run(SCRIPT, system, SETTINGS);
      const job = await doneBy(other, client.jobs.waitForCompletion(id));
      // Awaited here: the end of both processes comes first otherwise, while nobody listens to a failure.
      return await checkTakeover(client, job, { killed, other });
    },
  };
}

/** Returns what happened to the job: the worker that was killed has started it, and the other one has completed it. */
async function checkTakeover(
  { jobs }: JobstreamClient,
  job: Job,
  { killed, other }: { readonly killed: TestProcess; readonly other: TestProcess },
): Promise<string> {
  assert.deepEqual(job, { ...job, status: 'completed', result: { attempt: job.attempt } });
  const names = new Map([
    [String(killed.pid), 'the killed worker'],
    [String(other.pid), 'the other'],
  ]);
  const events = (await jobs.history(job.id)).map(({ event, actor, data }) => {
    const attempt = 'attempt' in data ? ` ${data.attempt}` : '';
    // The id of a worker is its host, its process and a random part.
    return `${event}${attempt} by ${names.get(actor.id.split('-').at(-2) ?? '') ?? actor.id}`;
  });
  const story = events.slice(1).join(', ');
  assert.equal(events[1], 'JobStarted 1 by the killed worker', story);
  assert.equal(events.at(-1), `JobCompleted ${job.attempt} by the other`, story);
  assert.ok(job.attempt > 1, story);
  return story;
}
