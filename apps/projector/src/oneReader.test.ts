import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Archive, FolderStore } from '@jobstream/archive';
import { EventLog } from '@jobstream/eventlog';
import { migrate, ReadModel } from '@jobstream/readmodel';
import { createLogger } from '@jobstream/runtime';
import {
  createMigratedDatabase,
  eventually,
  forEachTest,
  startDatabaseProxy,
  startNats,
} from '@jobstream/test-support';
import { expect, onTestFinished, test, vi } from 'vitest';
import { appendLife } from '../testing/jobLoad.ts';
import { Archiver } from './archive/archiver.ts';
import { RecentEntries } from './follow/recentEntries.ts';
import { Keeper } from './keeper/keeper.ts';
import { PastFollower } from './past/pastFollower.ts';
import { Projector } from './projection/projector.ts';

const logger = createLogger({ service: 'projector', level: 'silent' });
const DAY_MS = 86_400_000;

/** A log that a keeper may shorten, and tables. */
async function openStage() {
  const [nats, databaseUrl] = await Promise.all([startNats(), createMigratedDatabase(migrate)]);
  const folder = await mkdtempDisposable(path.join(tmpdir(), 'one-reader-'));
  const eventLog = new EventLog({ url: nats.url, name: 'test', maxAgeMs: DAY_MS, deadlineMs: 30_000 });
  await eventLog.start();
  const readModel = new ReadModel({ databaseUrl, name: 'test', queryMs: 30_000 });
  const store = new FolderStore(folder.path);
  const stops: (() => Promise<unknown>)[] = [];
  return {
    /** Called in turn, the last one first, before the servers end. */
    stops,
    folder: folder.path,
    eventLog,
    databaseUrl,
    readModel,
    store,
    archive: new Archive(store),
    async [Symbol.asyncDispose]() {
      for (const stop of stops.toReversed()) await stop();
      await readModel.stop();
      await eventLog.stop();
      await nats[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const stage = forEachTest(openStage);

interface Changes {
  readonly recent?: RecentEntries;
  readonly pastUrl?: string;
  readonly store?: FolderStore;
}

/** Starts all that follows the log in a projector's process. */
async function startAll({ recent = new RecentEntries(), pastUrl, store = stage.store }: Changes = {}): Promise<void> {
  const { eventLog, databaseUrl, readModel: table, archive } = stage;
  const common = { eventLog, databaseUrl, logger, recent, onFailure: (error: unknown) => expect.fail(String(error)) };
  const projector = new Projector(common);
  await projector.start();
  stage.stops.push(() => projector.stop());
  await seen(async () => expect(recent.after(0, 1)).toBeDefined());
  const services = [
    new PastFollower({ ...common, databaseUrl: pastUrl ?? databaseUrl, table, intervalMs: 10 }),
    new Keeper({
      ...common,
      maxAgeMs: DAY_MS,
      intervalMs: 10,
      keptElsewhere: () => Promise.resolve(Infinity),
      mayCarry: () => Promise.resolve(true),
    }),
    new Archiver({ eventLog, archive, store, logger, maxAgeMs: 4, intervalMs: 10 }),
  ];
  for (const service of services) await service.start();
  stage.stops.push(() => Promise.all(services.map((service) => service.stop())));
}

const seen = (assertion: () => Promise<void>) => eventually(assertion);

/** Appends jobs from their creation to their end; returns the position of the last event. */
async function appendJobs(count: number): Promise<number> {
  for (let job = 0; job < count; job++) await appendLife(stage.eventLog);
  return stage.eventLog.lastSequence();
}

/** An archive to which nothing can be written until it is released. */
class HangingStore extends FolderStore {
  readonly #hangs = Promise.withResolvers<void>();
  readonly #released = Promise.withResolvers<void>();

  /** Resolves when a write has begun. */
  get hangs(): Promise<void> {
    return this.#hangs.promise;
  }

  release(): void {
    this.#released.resolve();
  }

  override async write(name: string, body: Uint8Array): Promise<void> {
    this.#hangs.resolve();
    await this.#released.promise;
    await super.write(name, body);
  }
}

const tableReached = (end: number) =>
  seen(async () => expect((await stage.readModel.readCheckpoint())?.lastSequence).toBe(end));
const pastReached = (end: number) =>
  seen(async () => expect((await stage.readModel.readPastCheckpoint())?.lastSequence).toBe(end));
const archiveReached = (end: number) =>
  seen(async () => expect((await new Archive(stage.store).refresh()).last).toBe(end));

/** Counts how often the body of each event is decoded from now on, whoever does it. */
function countDecoding(): ReadonlyMap<string, number> {
  const decoded = new Map<string, number>();
  const parse = JSON.parse;
  const spy = vi.spyOn(JSON, 'parse').mockImplementation((text, reviver) => {
    const value: unknown = parse(text, reviver);
    if (isEvent(value)) decoded.set(value.id, (decoded.get(value.id) ?? 0) + 1);
    return value;
  });
  onTestFinished(() => spy.mockRestore());
  return decoded;
}

function isEvent(value: unknown): value is { readonly id: string } {
  return typeof value === 'object' && value !== null && 'jobId' in value && 'event' in value && 'id' in value;
}

test('each event is decoded once in a process, whoever follows the log in it', async () => {
  await startAll();
  const decoded = countDecoding();
  const end = await appendJobs(20);
  await Promise.all([tableReached(end), pastReached(end), archiveReached(end)]);
  expect(decoded.size).toBe(60);
  expect(new Set(decoded.values())).toEqual(new Set([1]));
  expect(await countsAt(end)).toEqual(['20 completed']);
});

test('past states that lag behind what is kept read the log by themselves', async () => {
  await startAll({ recent: new RecentEntries({ entries: 1, bytes: 1 }) });
  const end = await appendJobs(20);
  await Promise.all([tableReached(end), pastReached(end)]);
  expect(await countsAt(end)).toEqual(['20 completed']);
});

test('the table waits neither for past states nor for an archive that hang', async () => {
  await using proxy = await startDatabaseProxy(stage.databaseUrl);
  const store = new HangingStore(stage.folder);
  await startAll({ pastUrl: proxy.url, store });
  // What waits for them can be stopped then, also if the test fails.
  stage.stops.push(() => proxy.heal());
  stage.stops.push(() => Promise.resolve(store.release()));
  await pastReached(await appendJobs(1));
  proxy.pauseUpstream();
  const end = await appendJobs(20);
  await Promise.all([store.hangs, tableReached(end)]);
  expect((await stage.readModel.readPastCheckpoint())?.lastSequence).toBeLessThan(end);
  expect((await new Archive(stage.store).refresh()).last).toBe(0);
  await proxy.heal();
  store.release();
  await Promise.all([pastReached(end), archiveReached(end)]);
});

async function countsAt(sequence: number): Promise<string[]> {
  const counts = await stage.readModel.countPastJobs(sequence);
  return counts.map(({ status, count }) => `${count} ${status}`);
}
