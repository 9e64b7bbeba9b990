import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { once } from 'node:events';
import { json } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '@jobstream/test-support';
import type { Effect, StepEffect } from '../judge/evidence.ts';

/** The files in which calls are written down, each a line before it is answered. */
export interface Ledgers {
  /** Of webhooks. */
  readonly effects: string;
  /** Of the steps of errands. */
  readonly steps: string;
}

/** The world that webhooks and errands change. */
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
  step: (ms) => () => pause(ms, 200),
  once: () => (_attempt, earlierCalls) => (earlierCalls === 0 ? 410 : 200),
};

/** Listens on a free loopback port and appends every call to a ledger. */
export async function startReceiver(ledgers: Ledgers): Promise<Receiver> {
  const port = await freePort();
  const calls = new Map<string, number>();
  const server = createServer((request, response) => void take(request, response, { ledgers, calls }));
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
  readonly ledgers: Ledgers;
  readonly calls: Map<string, number>;
}

async function take(request: IncomingMessage, response: ServerResponse, { ledgers, calls }: Book): Promise<void> {
  const [, how = '', token = ''] = (request.url ?? '').split('/');
  const [word = '', number = '0'] = how.split('-');
  const attempt = Number(request.headers['x-jobstream-attempt']);
  if (word === 'step') writeDown(ledgers.steps, await stepOf(request));
  else
    writeDown(ledgers.effects, {
      jobId: String(request.headers['x-jobstream-job-id']),
      attempt,
      token,
      at: Date.now(),
    });
  const earlier = calls.get(token) ?? 0;
  calls.set(token, earlier + 1);
  response.statusCode = (await answers[word]?.(Number(number))(attempt, earlier)) ?? 404;
  response.end();
}

async function stepOf(request: IncomingMessage): Promise<StepEffect> {
  return { ...((await json(request)) as Omit<StepEffect, 'at'>), at: Date.now() };
}

function writeDown(ledger: string, call: Effect | StepEffect): void {
  appendFileSync(ledger, `${JSON.stringify(call)}\n`);
}
