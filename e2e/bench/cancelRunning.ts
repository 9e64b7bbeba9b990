/**
 * Cancelling running jobs: `node e2e/bench/cancelRunning.ts [jobs]`. Runs a whole system of its own and prints how long
 * after the request to cancel a handler was stopped: a webhook job whose receiver never answers and sees the connection
 * close. Fails if one took more than half a second.
 */
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { scratchDataFolder } from '@jobstream/testing';
import { jobsClient } from '../harness/jobsClient.ts';
import { startSystem } from '../harness/startSystem.ts';
import { figures } from './figures.ts';

const PROMISED_MS = 500;
const jobs = Number(process.argv[2] ?? 200);

interface Call {
  readonly arrived: Promise<void>;
  /** Resolves to when its connection was closed. */
  readonly closed: Promise<number>;
}

/** Never answers; tells of each path when a call came and when its connection was closed. */
async function startSilence() {
  const arrivals = new Map<string, (closed: Promise<number>) => void>();
  const server = createServer((request) => {
    const closed = once(request.socket, 'close').then(() => performance.now());
    arrivals.get(request.url ?? '')?.(closed);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const expectCall = (call: string): Call => {
    const { promise, resolve } = Promise.withResolvers<{ closed: Promise<number> }>();
    arrivals.set(call, (closed) => resolve({ closed }));
    return { arrived: promise.then(() => undefined), closed: promise.then(({ closed }) => closed) };
  };
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, expectCall };
}

async function measure(): Promise<boolean> {
  const dataDir = await scratchDataFolder('bench');
  await using system = await startSystem(dataDir, { WEBHOOK_ALLOW_PRIVATE: 'true', WORKER_CONCURRENCY: String(jobs) });
  const silence = await startSilence();
  const client = jobsClient(system.api);
  const cancelOne = async (index: number): Promise<number> => {
    const call = silence.expectCall(`/${index}`);
    const { id } = await client.create({ type: 'webhook', payload: { url: `${silence.url}/${index}` } });
    await call.arrived;
    const began = performance.now();
    await fetch(`${system.api}/api/jobs/${id}/cancel`, { method: 'POST' });
    return (await call.closed) - began;
  };
  const alone: number[] = [];
  for (let index = 0; index < jobs; index += 1) alone.push(await cancelOne(index));
  const together = await Promise.all(Array.from({ length: jobs }, (_, index) => cancelOne(jobs + index)));
  silence.server.close();
  await system.stop();
  await rm(dataDir, { recursive: true });
  console.log(`from the request to the end of the handler, one after the other: ${figures(alone)}`);
  console.log(`${jobs} together, created and cancelled at once: ${figures(together)}`);
  return Math.max(...alone) <= PROMISED_MS;
}

process.exitCode = (await measure()) ? 0 : 1;
