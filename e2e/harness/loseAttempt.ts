import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { JobstreamClient } from '@jobstream/client';
import { repositoryRoot } from '@jobstream/servers';
import { eventually, TestProcess } from '@jobstream/test-support';

const PROGRAM = path.join(repositoryRoot, 'libs', 'worker', 'testing', 'blockedWorker.ts');

/** Starts a worker for the job type `block`, whose handler blocks the event loop until a file is there. */
export async function startBlocking(nats: string): Promise<TestProcess> {
  const env = { NATS_URL: nats, ACK_WAIT_MS: '1000', LOG_LEVEL: 'debug' };
  const worker = TestProcess.node(PROGRAM, { env, ipc: false });
  await worker.logged('ready');
  return worker;
}

interface Loss {
  readonly nats: string;
  readonly client: JobstreamClient;
  /** The file for which the handler waits. */
  readonly until: string;
  /** Called while the event loop is blocked. */
  readonly meanwhile?: () => void;
}

/** Has a new job lose its first attempt with this worker, and completes it; returns its id and the worker's name. */
export async function loseAttempt(first: TestProcess, { nats, client, until, meanwhile = () => undefined }: Loss) {
  const { id } = await client.jobs.create({ type: 'block', payload: { until } });
  await first.wrote('the event loop has been blocked');
  meanwhile();
  await using _second = await startBlocking(nats);
  await eventually(async () => {
    if ((await client.jobs.get(id)).attempt < 2) throw new Error('the first attempt runs');
  });
  await writeFile(until, '');
  await client.jobs.waitForCompletion(id);
  const started = (await client.jobs.history(id)).find(({ event }) => event === 'JobStarted');
  return { id, worker: started?.event === 'JobStarted' ? started.data.worker : '' };
}
