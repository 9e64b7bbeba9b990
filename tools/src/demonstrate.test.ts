import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { apiClient } from './apiClient.ts';
import type { ApiClient, LoggedEvent } from './apiClient.ts';
import { raiseCounter } from './demoCounter.ts';
import { demonstrate } from './demonstrate.ts';
import { freePort } from './freePort.ts';

const to = 'test1@example.com';

/** An API whose job has these events, of which each question shows two more. */
function apiWith(names: string[], status = 'completed'): ApiClient {
  const events = names.map((event, index): LoggedEvent => ({ sequence: index + 1, event, at: 'now', version: 1 }));
  let asked = 0;
  return {
    createJob: async () => ({ id: 'job-1', status: 'pending' }),
    getJob: async () => ({ id: 'job-1', status }),
    getEvents: async () => events.slice(0, (asked += 2)),
  };
}

async function shown(api: ApiClient, timeoutMs = 5_000): Promise<string> {
  let output = '';
  await demonstrate({ api, to, write: (text) => (output += text), timeoutMs });
  return output;
}

test('each status that the job passes is shown, and its events', async () => {
  const names = ['JobCreated', 'JobStarted', 'JobRetryScheduled', 'JobStarted', 'JobProgressed', 'JobCompleted'];
  const output = await shown(apiWith(names));
  expect(output).toContain('status   pending → processing → retrying → processing → completed\n');
  expect(output.split('\n').filter((line) => /^\s+\d/.test(line))).toHaveLength(6);
});

test('a job that fails is a failure of the demonstration', async () => {
  const failing = shown(apiWith(['JobCreated', 'JobStarted', 'JobFailed'], 'failed'));
  await expect(failing).rejects.toThrow('The job did not complete: it is failed.');
});

test('a job that does not move is given up', async () => {
  await expect(shown(apiWith(['JobCreated'], 'pending'), 300)).rejects.toThrow('it is pending');
});

test('a system that does not run is named in one sentence', async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  const sentence = `The API at ${url} cannot be reached (connect ECONNREFUSED`;
  await expect(shown(apiClient(url))).rejects.toThrow(sentence);
});

test('the counter begins at 1 and rises with each run', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'jobstream-counter-'));
  const file = path.join(folder, 'demo/counter');
  expect([raiseCounter(file), raiseCounter(file), raiseCounter(file)]).toEqual([1, 2, 3]);
  rmSync(folder, { recursive: true });
});
