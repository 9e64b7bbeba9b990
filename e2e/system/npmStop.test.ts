import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually, type RunningSystem, scratchDataFolder, startSystem } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { jobsClient } from '../harness/jobsClient.ts';

const JOBS = 20;

/** A receiver that holds back its responses until the test releases them. */
async function startReceiver() {
  let answers = false;
  const server = createServer((_request, response) => void (answers && response.end()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answer: () => void (answers = true),
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function createWebhooks(system: RunningSystem, url: string): Promise<string[]> {
  const jobs = jobsClient(system.api);
  const create = () => jobs.create({ type: 'webhook', payload: { url } });
  const created = await Promise.all(Array.from({ length: JOBS }, create));
  return created.map(({ id }) => id);
}

test('a stop of npm start releases the running jobs, exits with 0, and the next start completes them as first attempts', async () => {
  const dataDir = await scratchDataFolder('npm-stop');
  await using receiver = await startReceiver();
  const env = { SHUTDOWN_GRACE_MS: '500', WEBHOOK_ALLOW_PRIVATE: 'true' };
  await using first = await startSystem(dataDir, env, ['npm', 'start']);
  const ids = await createWebhooks(first, receiver.url);
  for (const id of ids) await jobsClient(first.api).reaches(id, 'processing');
  const pids = await first.pidsOf('');
  expect(pids.length).toBeGreaterThan(5);
  expect(await first.stop('SIGTERM')).toBe(0);
  await eventually(() => expect(pids.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]));

  receiver.answer();
  await using next = await startSystem(dataDir, env);
  const jobs = jobsClient(next.api);
  for (const id of ids) expect(await jobs.reaches(id, 'completed', 'failed')).toMatchObject({ attempt: 1 });
  for (const id of ids) {
    const events = await jobs.events(id);
    expect(events.map(({ event, data }) => `${event} ${data.attempt ?? ''}`.trim())).toEqual([
      'JobCreated',
      'JobStarted 1',
      'JobReleased 1',
      'JobStarted 1',
      'JobCompleted 1',
    ]);
  }
  expect(await next.stop()).toBe(0);
  await rm(dataDir, { recursive: true });
});
