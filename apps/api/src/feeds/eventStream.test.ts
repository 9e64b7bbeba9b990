import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createLogger } from '@jobstream/runtime';
import { eventually } from '@jobstream/test-support';
import express, { type Response } from 'express';
import { expect, test } from 'vitest';
import { openFeed } from '../../testing/openFeed.ts';
import { EventStream } from './eventStream.ts';

const logger = createLogger({ service: 'api', level: 'silent' });
const longRequests = { track: () => undefined };

/** Serves one stream, which `send` fills. */
async function serve(send: (stream: EventStream) => Promise<void>) {
  const app = express().get('/', async (_req, res: Response) => {
    using stream = new EventStream({ res, longRequests, logger });
    await send(stream);
  });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return { url, [Symbol.asyncDispose]: async () => void server.close() };
}

test('a stream that is complete without a frame is 204, one that closes is left to be resumed', async () => {
  await using complete = await serve(async (stream) => stream.complete());
  expect((await fetch(complete.url)).status).toBe(204);
  await using closed = await serve(async (stream) => stream.close());
  const answer = await fetch(closed.url);
  expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([
    200,
    'text/event-stream; charset=utf-8',
    'retry: 1000\n\n',
  ]);
});

test('no more is sent than the connection takes, and the rest when the client reads again', async () => {
  /** More than a connection takes in while its client reads nothing. */
  const frames = 200;
  let sent = 0;
  let stream: EventStream | undefined;
  await using server = await serve(async (opened) => {
    stream = opened;
    for (; sent < frames; sent++) {
      opened.send(`id: ${sent + 1}\nevent: log\ndata: "${'x'.repeat(500_000)}"\n\n`);
      await opened.taken();
    }
    opened.close();
  });
  using feed = await openFeed(server.url);
  feed.pause();
  await eventually(() => expect(stream?.isFull).toBe(true));
  expect(sent).toBeLessThan(frames);
  feed.resume();
  expect(await feed.received(frames)).toHaveLength(frames);
});

test('a stream is over when its client is gone, also while it waits for it', async () => {
  const over = Promise.withResolvers<void>();
  await using server = await serve(async (stream) => {
    stream.send('id: 1\n\n');
    while (!stream.over.aborted) {
      stream.send(`data: "${'x'.repeat(500_000)}"\n\n`);
      await stream.taken();
    }
    over.resolve();
  });
  {
    using feed = await openFeed(server.url);
    await eventually(() => expect(feed.lastEventId).toBe('1'));
    feed.pause();
  }
  await over.promise;
});
