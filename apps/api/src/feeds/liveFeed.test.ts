import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createLogger } from '@jobstream/runtime';
import { eventually } from '@jobstream/test-support';
import express from 'express';
import { beforeAll, expect, test } from 'vitest';
import { useStage } from '../../testing/apiStage.ts';
import { openFeed } from '../../testing/openFeed.ts';
import { anonymous } from '../auth/caller.ts';
import { feedFilter } from './feedFilter.ts';
import { LiveFeed } from './liveFeed.ts';
import { LiveTail } from './liveTail.ts';
import { CatchUpSemaphore } from './catchUpSemaphore.ts';

const PAYLOAD = 'x'.repeat(250_000);
/** More than a connection takes in while its client reads nothing, and than is sent at once. */
const EVENTS = 120;

const stage = useStage();

beforeAll(async () => {
  for (let sent = 0; sent < EVENTS; sent += 30) {
    const jobs = Array.from({ length: 30 }, () => ({ type: 'email', payload: PAYLOAD }));
    await stage.api.post('/api/jobs/batch', { jobs });
  }
});

/** Feeds from the beginning of the log, which the tail has forgotten. */
async function serveFeeds(catchUps: CatchUpSemaphore) {
  const { log } = stage.api;
  const logger = createLogger({ service: 'api', level: 'silent' });
  const tail = new LiveTail({ log, logger, maxEvents: 1 });
  await tail.ensureStarted();
  const ends: string[] = [];
  const app = express().get('/:name', async ({ params }, res) => {
    const filter = feedFilter([], [], anonymous);
    await new LiveFeed({
      res,
      tail,
      log,
      longRequests: { track: () => undefined },
      catchUps,
      filter,
      after: 0,
      logger,
    }).run();
    ends.push(params.name);
  });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = async () => {
    await tail.stop();
    server.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, ends, [Symbol.asyncDispose]: stop };
}

test('a feed ends when its client disconnects while it waits to read the log', async () => {
  const catchUps = new CatchUpSemaphore({ most: 1 });
  await catchUps.enter(new AbortController().signal, () => undefined);
  await using feeds = await serveFeeds(catchUps);
  {
    using feed = await openFeed(`${feeds.url}/waiting`);
    await eventually(() => expect(feed.lastEventId).toBe('0'));
  }
  await eventually(() => expect(feeds.ends).toEqual(['waiting']));
});

test('a client that reads the log slowly is disconnected when another has waited for long', async () => {
  await using feeds = await serveFeeds(new CatchUpSemaphore({ most: 1, turnMs: 1 }));
  using slow = await openFeed(`${feeds.url}/slow`);
  slow.pause();
  using other = await openFeed(`${feeds.url}/other`);
  // One that takes nothing at all is cut off in any case, but not before its second heartbeat after 30 s.
  await eventually(() => expect(feeds.ends).toEqual(['slow']));
  expect(await other.received(EVENTS)).toHaveLength(EVENTS);
  slow.resume();
  expect(await slow.ended).toBe('cut');
});
