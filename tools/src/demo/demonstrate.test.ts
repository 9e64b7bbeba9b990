import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { JobstreamClient, type Job, type JobEvent, type JobEventName } from '@jobstream/client';
import { expect, test } from 'vitest';
import { raiseCounter } from './demonstrate.ts';
import { demoFailure } from './demonstrate.ts';
import { demonstrate, type Demonstration } from './demonstrate.ts';
import { freePort } from '@jobstream/servers';

const to = 'test1@example.com';

/** A fake client of one job with these events; if none ends the job, its feed stays open until the caller gives up. */
function jobsWith(names: readonly JobEventName[], hasEnded = true): Demonstration['jobs'] {
  const job = {
    id: 'job-1',
    type: 'email',
    status: 'pending',
    version: 1,
    createdAt: 'now',
    updatedAt: 'now',
  } as const;
  return {
    create: async () => job,
    get: async (_id, options) => ({ ...job, status: 'completed', version: options?.minVersion }) as Job,
    async *events(_id, options) {
      for (const [index, event] of names.entries()) {
        yield { sequence: index + 1, event, at: 'now', version: index + 1, data: {} } as JobEvent;
      }
      if (!hasEnded) await new Promise((_, reject) => options?.signal?.addEventListener('abort', reject));
    },
  };
}

async function shown(jobs: Demonstration['jobs'], timeoutMs = 5_000): Promise<string> {
  let output = '';
  await demonstrate({ jobs, to, write: (text) => (output += text), timeoutMs });
  return output;
}

test('the demonstration shows each status of the job and its events', async () => {
  const output = await shown(
    jobsWith(['JobCreated', 'JobStarted', 'JobRetryScheduled', 'JobStarted', 'JobProgressed', 'JobCompleted']),
  );
  expect(output).toContain('status   pending → processing → retrying → processing → completed\n');
  expect(output.split('\n').filter((line) => /^\s+\d/.test(line))).toHaveLength(6);
  expect(output).toMatch(/\njob {6}completed, as GET \/api\/jobs\/job-1 says\n$/);
});

test('the demonstration fails if the job fails', async () => {
  const failing = shown(jobsWith(['JobCreated', 'JobStarted', 'JobFailed']));
  await expect(failing).rejects.toThrow('The job did not complete: it is failed.');
});

test('the demonstration gives up on a job that makes no progress', async () => {
  await expect(shown(jobsWith(['JobCreated'], false), 300)).rejects.toThrow('it is pending');
});

test('a system that is not running is reported in one sentence', async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  const { jobs } = new JobstreamClient({ url, retryForMs: 0 });
  const error = await shown(jobs).catch((failure: unknown) => failure);
  expect(demoFailure(error, url).message).toBe(
    `The API at ${url} cannot be reached (the connection was refused): is the system running?`,
  );
});

test('the counter starts at 1 and increases with each run', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'jobstream-counter-'));
  const file = path.join(folder, 'demo/counter');
  expect([raiseCounter(file), raiseCounter(file), raiseCounter(file)]).toEqual([1, 2, 3]);
  rmSync(folder, { recursive: true });
});
