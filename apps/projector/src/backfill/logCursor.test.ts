import type { EventFeed, LogEntry } from '@jobstream/eventlog';
import { TableRebuild } from '@jobstream/readmodel';
import type { ProjectableEntry, SecondTables } from '@jobstream/readmodel';
import { eventually, forEachTest } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { projectorStage } from '../../testing/projectorStage.ts';
import { LogCursor } from './logCursor.ts';
import type { LogCursorOptions } from './logCursor.ts';

const stage = forEachTest(projectorStage);

const never = new AbortController().signal;

interface CursorHooks {
  readonly eventLog?: LogCursorOptions['eventLog'];
  readonly onTurn?: (tables: SecondTables) => Promise<void>;
  readonly onBatch?: (entries: readonly ProjectableEntry[]) => void;
}

/** A cursor for the second tables of a rebuild that has just begun. */
async function openCursor(hooks: CursorHooks = {}): Promise<LogCursor & AsyncDisposable> {
  const { eventLog = stage.eventLog, onTurn = () => Promise.resolve(), onBatch = () => {} } = hooks;
  const { databaseUrl } = stage;
  const rebuild = await TableRebuild.open(databaseUrl, 'rebuild');
  const { tables } = rebuild;
  const watched: LogCursorOptions['tables'] = {
    lastSequence: tables.lastSequence,
    apply(entries) {
      onBatch(entries);
      return tables.apply(entries);
    },
  };
  const cursor = new LogCursor({ eventLog, tables: watched, onTurn: () => onTurn(tables) });
  return Object.assign(cursor, {
    async [Symbol.asyncDispose]() {
      await cursor.stop();
      await rebuild.close();
    },
  });
}

function positions(): Promise<{ position: number }[]> {
  return stage.sql('SELECT last_sequence::int AS position FROM jobstream_next.projection_checkpoints');
}

test('a failed write fails every later call, also when nothing is left to read', async () => {
  await stage.createJob();
  await using cursor = await openCursor();
  await stage.sql(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'not this one'; END $$`);
  await stage.sql(`CREATE TRIGGER refuse BEFORE INSERT ON jobstream_next.jobs FOR EACH ROW EXECUTE FUNCTION refuse()`);
  await expect(cursor.advanceTo(1, never)).rejects.toThrow('not this one');
  await expect(cursor.advanceTo(1, never)).rejects.toThrow('not this one');
  expect(await positions()).toEqual([{ position: 0 }]);
});

// A second report would be an unhandled rejection, with which every test fails.
test('the failure of a write is reported once, by the call, although the next write fails with it', async () => {
  for (let job = 0; job < 2; job++) await stage.createJob();
  const [first, second] = [gate(), gate()];
  const writes = [first.promise, second.promise];
  const tables = { lastSequence: 0, apply: () => writes.shift() as Promise<never> };
  const eventLog = { follow: (options: { after: number }) => inLargeBatches(options) };
  const cursor = new LogCursor({ eventLog, tables, onTurn: () => Promise.resolve() });
  const advanced = cursor.advanceTo(2, never).catch((error: unknown) => error);
  await eventually(() => expect(writes).toEqual([]));
  first.reject(new Error('the first'));
  expect(await advanced).toEqual(new Error('the first'));
  await stage.eventLog.lastSequence(); // by then it would have been reported
  second.resolve();
  await cursor.stop();
});

test('the wait for a write can be given up, and the next call waits for the same one', async () => {
  await stage.createJob();
  const [applied, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let written = false;
  await using cursor = await openCursor({
    onTurn: async ({ lastSequence }) => {
      if (lastSequence === 0) return;
      applied.resolve();
      await gate.promise;
      written = true;
    },
  });
  const giveUp = new AbortController();
  const first = cursor.advanceTo(1, giveUp.signal);
  await applied.promise;
  giveUp.abort(new Error('given up'));
  await expect(first).rejects.toThrow('given up');
  const next = cursor.advanceTo(1, never).then(() => written);
  gate.resolve();
  expect(await next).toBe(true);
  expect(await positions()).toEqual([{ position: 1 }]);
});

test('a batch ends before it is larger than 16 MB', async () => {
  const [payload, backoff] = ['x'.repeat(900_000), { type: 'fixed', delayMs: 100 }];
  const data = { payload, maxAttempts: 1, backoff, timeoutMs: 60_000, tags: [] };
  for (let job = 0; job < 20; job++) await stage.createJob({ data });
  const batches: number[] = [];
  await using cursor = await openCursor({ onBatch: (entries) => batches.push(entries.length) });
  await cursor.advanceTo(20, never);
  expect(batches).toEqual([17, 3]);
  expect(await positions()).toEqual([{ position: 20 }]);
});

test('an event that is missing within a batch is detected', async () => {
  for (let job = 0; job < 3; job++) await stage.createJob();
  await using cursor = await openCursor({ eventLog: { follow: (options) => withoutSecond(options) } });
  await expect(cursor.advanceTo(3, never)).rejects.toThrow('event 2 has expired from the log');
  expect(await positions()).toEqual([{ position: 0 }]);
});

test.each([
  ['the feed', 'the write'],
  ['the write', 'the feed'],
] as const)('stop waits for the feed and for what was handed over: first %s ends, then %s', async (...parts) => {
  await stage.createJob();
  const order: string[] = [];
  const applied = gate();
  const held = { 'the feed': gate(), 'the write': gate() };
  const ended = { 'the feed': gate(), 'the write': gate() };
  const end = async (part: keyof typeof held) => {
    await held[part].promise;
    order.push(part);
    ended[part].resolve();
  };
  const follow = (options: { after: number }) => {
    const feed = stage.eventLog.follow(options);
    const stop = () => feed.stop().then(() => end('the feed'));
    return { stop, [Symbol.asyncIterator]: () => feed[Symbol.asyncIterator]() };
  };
  const onTurn = async ({ lastSequence }: SecondTables) => {
    if (lastSequence === 0) return;
    applied.resolve();
    await end('the write');
  };
  await using cursor = await openCursor({ eventLog: { follow }, onTurn });
  const giveUp = new AbortController();
  const advanced = cursor.advanceTo(1, giveUp.signal);
  await applied.promise;
  giveUp.abort(new Error('given up'));
  await expect(advanced).rejects.toThrow('given up');
  const stopped = cursor.stop().then(() => order.push('the cursor'));
  for (const part of parts) {
    await stage.eventLog.lastSequence(); // gives one that does not wait the time to end
    held[part].resolve();
    await ended[part].promise;
  }
  await stopped;
  expect(order).toEqual([...parts, 'the cursor']);
});

const gate = () => Promise.withResolvers<void>();

/** All three events in one array, but the second. */
function withoutSecond(options: { after: number }): EventFeed {
  const feed = stage.eventLog.follow(options);
  return {
    stop: () => feed.stop(),
    async *[Symbol.asyncIterator]() {
      const arrived: LogEntry[] = [];
      for await (const entries of feed) {
        arrived.push(...entries);
        if (arrived.length === 3) yield arrived.filter(({ sequence }) => sequence !== 2);
      }
    },
  };
}

/** Each event is a batch of its own. */
function inLargeBatches(options: { after: number }): EventFeed {
  const feed = stage.eventLog.follow(options);
  return {
    stop: () => feed.stop(),
    async *[Symbol.asyncIterator]() {
      for await (const entries of feed) yield entries.map((entry) => Object.assign(entry, { bytes: 15_000_000 }));
    },
  };
}
