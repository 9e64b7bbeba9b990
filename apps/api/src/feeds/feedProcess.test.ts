import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { setTimeout as pace } from 'node:timers/promises';
import { decide, defaultBackoff, isRejection, type JobEvent } from '@jobstream/domain';
import { EventLog } from '@jobstream/eventlog';
import { migrate } from '@jobstream/readmodel';
import { createMigratedDatabase, eventually, freePort, startNats, type TestNats } from '@jobstream/test-support';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FeedEvent, openFeed, type TestFeed } from '../../testing/openFeed.ts';
import { spawnApi } from '../../testing/spawnApi.ts';

let nats: TestNats;
let log: EventLog;
let env: Record<string, string>;

beforeAll(async () => {
  nats = await startNats();
  const databaseUrl = await createMigratedDatabase(migrate);
  log = new EventLog({ url: nats.url, name: 'test', deadlineMs: 20_000 });
  await log.start();
  env = { NATS_URL: nats.url, DATABASE_URL: databaseUrl };
});

afterAll(async () => {
  await log.stop();
  await nats[Symbol.asyncDispose]();
});

function creation(jobType: string, payload: unknown): JobEvent {
  const context = { eventId: randomUUID(), at: new Date().toISOString(), actor: { kind: 'api', id: 'test' } } as const;
  const settings = { maxAttempts: 1, backoff: defaultBackoff, timeoutMs: 1_000, tags: [] };
  const event = decide(
    { kind: 'CreateJob', ...context, jobId: randomUUID(), jobType, payload, ...settings },
    undefined,
  );
  if (isRejection(event)) throw new Error(event.detail);
  return event;
}

/** What a client has seen over all its connections. */
interface Client {
  readonly query: string;
  readonly seen: FeedEvent[];
  readonly first: number;
  lastEventId: string;
}

const CLIENTS = 24;
const TYPES = ['email', 'webhook', 'sleep'];
/** Most clients want all; some have filters of their own. */
const queryOf = (index: number) => (index % 4 === 3 ? `?type=${TYPES[index % 3]}` : '');

describe('many clients of the live feed', () => {
  test(
    'see every event exactly once and in order although the API is killed twice under load',
    { tags: ['exact'] },
    async () => {
      const port = await freePort();
      let api = await spawnApi(port, env);
      const feeds = await openAll((index) => openFeed(`${api.url}/api/events${queryOf(index)}`));
      await eventually(() => expect(feeds.every(({ lastEventId }) => lastEventId !== undefined)).toBe(true));
      const clients = feeds.map((feed, index) => clientOf(feed, index));
      const load = startLoad();
      for (let kills = 1; kills <= 2; kills++) {
        await appended(kills * 400);
        await api.kill('SIGKILL');
        await Promise.all(feeds.map(({ ended }) => ended));
        feeds.forEach((feed, index) => take(feed, clients[index]));
        await appended(kills * 400 + 100);
        api = await spawnApi(port, env);
        feeds.splice(0, CLIENTS, ...(await openAll((index) => resume(clients[index], api.url))));
      }
      await appended(1_500);
      await load.stop();
      const all = await wholeLog();
      await eventually(() => assertComplete(feeds, clients, all));
      await api[Symbol.asyncDispose]();
    },
  );
});

describe('a client that does not read', () => {
  test('is cut off, can resume, and costs the API no more memory than one that reads', async () => {
    await using api = await spawnApi(await freePort(), env);
    const stuck = await openAll(() => openFeed(`${api.url}/api/events`), 20);
    using healthy = await openFeed(`${api.url}/api/events`);
    await eventually(() => expect(healthy.lastEventId).toBeDefined());
    const first = Number(healthy.lastEventId) + 1;
    for (const feed of stuck) feed.pause();
    const before = await api.memory();
    for (let sent = 0; sent < 60; sent++) {
      await log.appendAll(Array.from({ length: 10 }, () => creation('large', 'x'.repeat(100_000))));
      await healthy.received((sent + 1) * 10);
    }
    // What every client's connection may hold, the recent events, and their copies: 60 MB for each of 20 would be 1.2 GB.
    expect((await api.memory()) - before).toBeLessThan(350_000_000);
    expect(healthy.events.map(({ id }) => id)).toEqual(Array.from({ length: 600 }, (_, index) => first + index));
    for (const feed of stuck) feed.resume();
    const ends = await Promise.all(stuck.map(({ ended }) => ended));
    expect(new Set(ends)).toEqual(new Set(['cut']));
    const [one] = stuck;
    using resumed = await openFeed(`${api.url}/api/events`, { 'last-event-id': one?.lastEventId ?? '' });
    const rest = await resumed.received(600 - (one?.events.length ?? 0));
    expect([...(one?.events ?? []), ...rest].map(({ id }) => id)).toEqual(healthy.events.map(({ id }) => id));
  });
});

/** Most that one caller may have of the 1,000 feeds of a process. */
const SHARE = 750;

describe('two thousand feeds that are refused, of both kinds', () => {
  test('leave nothing in the memory of the API', async () => {
    const preload = [
      '--expose-gc',
      '--import',
      fileURLToPath(new URL('../../testing/fuzz/reportMemory.ts', import.meta.url)),
    ];
    await using api = await spawnApi(await freePort(), env, preload);
    const { jobId } = creation('refused', null);
    const paths = ['/api/events', `/api/jobs/${jobId}/events`];
    using opened = new DisposableStack();
    for (let count = 0; count < SHARE; count += 50)
      for (const feed of await openAll(() => openFeed(`${api.url}/api/events`), 50)) opened.use(feed);
    const statuses = new Set<number | undefined>();
    const refuse = async (count: number) => {
      for (let sent = 0; sent < count; sent += 50)
        for (const feed of await openAll((index) => openFeed(api.url + String(paths[index % 2])), 50)) {
          statuses.add(feed.status);
          feed[Symbol.dispose]();
        }
    };
    const used = async () => ((await api.ask('memory')) as NodeJS.MemoryUsage).heapUsed;
    await refuse(500); // what is compiled and cached once
    const before = await used();
    await refuse(2_000);
    // 2 KB each would be a request of which nothing but its listeners is left.
    await eventually(async () => expect((await used()) - before).toBeLessThan(4_000_000));
    expect(statuses).toEqual(new Set([429]));
  });
});

function openAll(open: (index: number) => Promise<TestFeed>, count = CLIENTS): Promise<TestFeed[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => open(index)));
}

function clientOf({ lastEventId = '' }: TestFeed, index: number): Client {
  return { query: queryOf(index), seen: [], first: Number(lastEventId) + 1, lastEventId };
}

function take(feed: TestFeed, client: Client | undefined): void {
  client?.seen.push(...feed.events);
  if (client !== undefined && feed.lastEventId !== undefined) client.lastEventId = feed.lastEventId;
}

function resume(client: Client | undefined, url: string): Promise<TestFeed> {
  return openFeed(`${url}/api/events${client?.query}`, { 'last-event-id': client?.lastEventId ?? '' });
}

/** Appends jobs of all types until it is stopped, to the log itself, so that it goes on while the API is away. */
function startLoad() {
  const state = { stopped: false };
  const running = (async () => {
    for (let n = 0; !state.stopped; n++) {
      const events = Array.from({ length: 5 }, (_, index) => creation(TYPES[(n + index) % 3] ?? '', { n }));
      await Promise.all(events.map((event) => log.append(event, 0)));
      await pace(10);
    }
  })();
  return {
    stop: async () => {
      state.stopped = true;
      await running;
    },
  };
}

async function appended(count: number): Promise<void> {
  await eventually(async () => expect(await log.lastSequence()).toBeGreaterThan(count));
}

async function wholeLog(): Promise<readonly { readonly sequence: number; readonly type: string }[]> {
  const all: { sequence: number; type: string }[] = [];
  const end = await log.lastSequence();
  for await (const entries of log.follow({ after: 0 })) {
    for (const entry of entries) {
      if (entry.kind === 'event') all.push({ sequence: entry.sequence, type: entry.event.jobType });
    }
    if ((entries.at(-1)?.sequence ?? 0) >= end) break;
  }
  return all;
}

function assertComplete(
  feeds: readonly TestFeed[],
  clients: readonly Client[],
  all: Awaited<ReturnType<typeof wholeLog>>,
): void {
  for (const [index, { seen, first, query }] of clients.entries()) {
    const ids = [...seen, ...(feeds[index]?.events ?? [])].map(({ id }) => id);
    const due = all.filter(({ sequence, type }) => sequence >= first && (query === '' || query.endsWith(type)));
    expect(ids).toEqual(due.map(({ sequence }) => sequence));
  }
}
