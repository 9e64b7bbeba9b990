import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startSystem } from '@jobstream/test-support';
import { inScratchFolder } from '../inScratchFolder.ts';
import { percentileText } from '../measure/percentiles.ts';
import { type HandrunBench, numbersOf } from './handrunBench.ts';

const PROMISED_MS = 500;

export const cancelRunning: HandrunBench = {
  name: 'cancel-running',
  summary: `How soon after a cancel the handler of a running webhook job is stopped; fails above ${PROMISED_MS} ms.`,
  parameters: '[jobs = 200]',
  run(args) {
    const [jobs] = numbersOf(args, 200);
    return inScratchFolder((folder) => measure(folder, jobs));
  },
};

interface Call {
  readonly arrived: Promise<void>;
  /** Resolves to when its connection was closed. */
  readonly closed: Promise<number>;
}

async function measure(dataDir: string, jobs: number): Promise<boolean> {
  await using system = await startSystem(dataDir, { WEBHOOK_ALLOW_PRIVATE: 'true', WORKER_CONCURRENCY: String(jobs) });
  const receiver = await startSilentReceiver();
  const post = async (path: string, body: object = {}) => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${system.api}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    return (await response.json()) as { id: string };
  };
  const cancelOne = async (index: number): Promise<number> => {
    const call = receiver.expectCall(`/${index}`);
    const { id } = await post('/api/jobs', { type: 'webhook', payload: { url: `${receiver.url}/${index}` } });
    await call.arrived;
    const began = performance.now();
    await post(`/api/jobs/${id}/cancel`);
    return (await call.closed) - began;
  };
  const alone: number[] = [];
  for (let index = 0; index < jobs; index += 1) alone.push(await cancelOne(index));
  const together = await Promise.all(Array.from({ length: jobs }, (_, index) => cancelOne(jobs + index)));
  receiver.server.close();
  console.log(`from the request to the end of the handler, one after the other: ${percentileText(alone)}`);
  console.log(`${jobs} together, created and cancelled at once: ${percentileText(together)}`);
  return Math.max(...alone) <= PROMISED_MS;
}

/** Never answers; reports for each path when a call came and when its connection was closed. */
async function startSilentReceiver() {
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
