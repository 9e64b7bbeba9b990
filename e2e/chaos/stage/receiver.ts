import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '@jobstream/test-support';
import type { Effect } from '../judge/evidence.ts';

/** The world that webhooks change: each call is a line in the ledger before it is answered. */
export interface Receiver extends AsyncDisposable {
  /** Followed by `/<how to answer>/<token>`. */
  readonly url: string;
}

type Answer = (attempt: number, earlierCalls: number) => number | Promise<number>;

/** How a call is answered, by the first part of its path: a word and perhaps a number. */
const answers: Readonly<Record<string, (number: number) => Answer>> = {
  ok: () => () => 200,
  slow: (ms) => () => pause(ms, 200),
  fail: (attempts) => (attempt) => (attempt <= attempts ? 500 : 200),
  gone: () => () => 410,
  once: () => (_attempt, earlierCalls) => (earlierCalls === 0 ? 410 : 200),
};

/** Listens on a free loopback port and appends every call to the ledger file. */
export async function startReceiver(ledger: string): Promise<Receiver> {
  const port = await freePort();
  const calls = new Map<string, number>();
  const server = createServer((request, response) => void take(request, response, { ledger, calls }));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

interface Book {
  readonly ledger: string;
  readonly calls: Map<string, number>;
}

async function take(request: IncomingMessage, response: ServerResponse, { ledger, calls }: Book): Promise<void> {
  const [, how = '', token = ''] = (request.url ?? '').split('/');
  const [word = '', number = '0'] = how.split('-');
  const effect: Effect = {
    jobId: String(request.headers['x-jobstream-job-id']),
    attempt: Number(request.headers['x-jobstream-attempt']),
    token,
    at: Date.now(),
  };
  appendFileSync(ledger, `${JSON.stringify(effect)}\n`);
  const earlier = calls.get(token) ?? 0;
  calls.set(token, earlier + 1);
  response.statusCode = (await answers[word]?.(Number(number))(effect.attempt, earlier)) ?? 404;
  response.end();
}
