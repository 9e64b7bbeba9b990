import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Archive, ArchiveUnavailableError, ArchiveWriter, FolderStore } from '@jobstream/archive';
import { EventLog } from '@jobstream/eventlog';
import { createLogger } from '@jobstream/runtime';
import { eventually, startNats, type TestNats } from '@jobstream/test-support';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { appendLife } from '../../testing/jobLoad.ts';
import { readBacklog, type ArchiveBacklog } from './archiver.ts';
import { ArchiveGapError } from './archiveSegment.ts';
import { ArchiveMismatchError } from './archiveSegment.ts';
import { Archiver } from './archiver.ts';
import { archiveSegment, type ArchiveSegmentOptions } from './archiveSegment.ts';

const logger = createLogger({ service: 'projector', level: 'silent' });
/** A quarter of it is waited for. */
const MAX_AGE_MS = 8_000;

let nats: TestNats;
let eventLog: EventLog;
let folder: string;

beforeEach(async () => {
  [nats, folder] = await Promise.all([startNats(), mkdtemp(path.join(tmpdir(), 'archiver-'))]);
  eventLog = new EventLog({ url: nats.url, name: 'test', deadlineMs: 30_000 });
  await eventLog.start();
});

afterEach(async () => {
  await eventLog.stop();
  await nats[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

function newArchiver(store = new FolderStore(folder), observer = {}) {
  const silent = {
    backlogMeasured: () => undefined,
    segmentAdded: () => undefined,
    failed: () => undefined,
    ...observer,
  };
  const options = { eventLog, archive: new Archive(store), store, maxAgeMs: MAX_AGE_MS, intervalMs: 50, logger };
  const archiver = new Archiver({ ...options, observer: silent });
  return { archiver, [Symbol.asyncDispose]: () => archiver.stop() };
}

/** An archive that cannot be written while it is lost. */
class LostStore extends FolderStore {
  isLost = true;
  override create(name: string, body: Uint8Array): Promise<boolean> {
    if (this.isLost) return Promise.reject(new ArchiveUnavailableError('the disk is gone'));
    return super.create(name, body);
  }
}

/** The level and the error of the first failure that an archiver logs. */
async function firstFailure(store: FolderStore): Promise<string> {
  const failed = Promise.withResolvers<string>();
  const note = (level: string) => (found: { err?: Error }) => {
    if (found.err !== undefined) failed.resolve(`${level}: ${found.err.name}`); // not that messages wait long
  };
  const watched = Object.assign(Object.create(logger), { warn: note('warn'), error: note('error') });
  const options = { eventLog, archive: new Archive(store), store, maxAgeMs: MAX_AGE_MS, intervalMs: 50 };
  const archiver = new Archiver({ ...options, logger: watched });
  await archiver.start();
  const first = await failed.promise;
  await archiver.stop();
  return first;
}

/** What `archiveSegment` needs, with an archive that is read anew. */
async function segmentParts(log: ArchiveSegmentOptions['eventLog'] = eventLog) {
  const store = new FolderStore(folder);
  const archive = new Archive(store);
  const writer = await ArchiveWriter.open(store, archive);
  return { eventLog: log, archive, writer, beginLate: false, stop: new AbortController().signal };
}

/** A log that was created anew on another server, with `lives` jobs in it. */
async function openOtherLog(lives: number) {
  const server = await startNats();
  const log = new EventLog({ url: server.url, name: 'test', maxAgeMs: 0, deadlineMs: 30_000 });
  await log.start();
  for (let made = 0; made < lives; made++) await appendLife(log);
  const dispose = () => log.stop().then(() => server[Symbol.asyncDispose]());
  return Object.assign(log, { [Symbol.asyncDispose]: dispose });
}

/** The messages of the log, of which those up to `sequence` expire as soon as the span was looked at. */
function expiredSinceSpan(sequence: number): ArchiveSegmentOptions['eventLog']['messages'] {
  const { messages } = eventLog;
  return {
    span: () => messages.span(),
    from: (first, options) => messages.from(Math.max(first, sequence + 1), options),
  };
}

async function archived(): Promise<number> {
  return (await new Archive(new FolderStore(folder)).refresh()).last;
}

test('messages that do not fill a segment are archived long before they expire', async () => {
  await appendLife(eventLog);
  await using one = newArchiver();
  await one.archiver.start();
  await eventually(async () => expect(await archived()).toBe(3));
});

test('an archiver warns of messages that wait for half of their maximum age', async () => {
  const warnings: unknown[] = [];
  const warn = (...line: readonly unknown[]) => void warnings.push(...line);
  const store = new FolderStore(folder);
  const options = { eventLog, archive: new Archive(store), store, maxAgeMs: 1_000, intervalMs: 50 };
  await appendLife(eventLog);
  const isOld = async () => expect(await eventLog.prefix.oldestAgeMs()).toBeGreaterThan(500);
  await eventually(isOld);
  const archiver = new Archiver({ ...options, logger: Object.assign(Object.create(logger), { warn }) });
  await archiver.start();
  await eventually(async () => expect(await archived()).toBe(3));
  await archiver.stop();
  expect(warnings).toEqual([
    expect.objectContaining({ messages: 3, maxAgeMs: 1_000 }),
    expect.stringContaining('messages wait long to be archived'),
  ]);
});

test('several archivers on one log leave each message once, in order', async () => {
  await using first = newArchiver();
  await using second = newArchiver();
  await Promise.all([first.archiver.start(), second.archiver.start()]);
  for (let made = 0; made < 20; made++) await appendLife(eventLog);
  const end = await eventLog.lastSequence();
  await eventually(async () => expect(await archived()).toBe(end));
  const archive = new Archive(new FolderStore(folder));
  await archive.refresh();
  const sequences: number[] = [];
  for await (const messages of archive.messagesAfter(0)) sequences.push(...messages.map(({ sequence }) => sequence));
  expect(sequences).toEqual(Array.from({ length: end }, (_, index) => index + 1));
});

test('an archiver retries while the archive is unavailable, and reports its backlog', async () => {
  const store = new LostStore(folder);
  const seen = { failures: 0, backlog: [] as ArchiveBacklog[] };
  const backlogMeasured = (backlog: ArchiveBacklog) => void seen.backlog.push(backlog);
  await appendLife(eventLog);
  await using one = newArchiver(store, { backlogMeasured, failed: () => (seen.failures += 1) });
  await one.archiver.start();
  await eventually(() => expect(seen.failures).toBeGreaterThan(0));
  expect(seen.backlog[0]?.messages).toBe(3);
  store.isLost = false;
  await eventually(async () => expect(await archived()).toBe(3));
});

test('messages that expired before they were archived are a gap, which is accepted at the beginning only', async () => {
  await appendLife(eventLog);
  await eventLog.prefix.purgeBefore(4);
  await appendLife(eventLog, 1);
  const parts = await segmentParts();
  await expect(archiveSegment({ ...parts, beginLate: false })).rejects.toThrow(ArchiveGapError);
  expect(await archiveSegment({ ...parts, beginLate: true })).toBe('added');
  expect(parts.archive.span).toMatchObject({ first: 4, last: 4 });
});

test.each([0, 1])(
  'messages that expire between the look at the log and the read of it are a gap, with %i archived lives before them',
  async (lives) => {
    for (let made = 0; made < lives; made++) await appendLife(eventLog);
    await archiveSegment(await segmentParts());
    const end = 3 * lives;
    expect(await archived()).toBe(end);
    await appendLife(eventLog);
    const failure = archiveSegment(await segmentParts({ messages: expiredSinceSpan(end + 2) }));
    await expect(failure).rejects.toThrow(new ArchiveGapError(end + 1, end + 2));
    expect(await archived()).toBe(end);
    expect(await archiveSegment(await segmentParts())).toBe('added');
    expect(await archived()).toBe(end + 3);
  },
);

test('an archive ahead of the log belongs to another log and is not continued', async () => {
  await appendLife(eventLog);
  expect(await archiveSegment(await segmentParts())).toBe('added');
  await using other = await openOtherLog(0);
  await expect(archiveSegment({ ...(await segmentParts(other)), patienceMs: 50 })).rejects.toThrow(
    ArchiveMismatchError,
  );
  await expect(readBacklog(other, new Archive(new FolderStore(folder)), { patienceMs: 50 })).rejects.toThrow(
    'but the log at 0',
  );
});

test('a log that seems to end before its archive, as on a new leader of a cluster, is asked again', async () => {
  await appendLife(eventLog);
  expect(await archiveSegment(await segmentParts())).toBe('added');
  const { messages } = eventLog;
  let late = 2;
  const span = async () => (late-- > 0 ? { first: 1, last: 0 } : messages.span());
  const parts = await segmentParts({ messages: { span, from: (first, options) => messages.from(first, options) } });
  expect(await archiveSegment(parts)).toBe('nothing');
  expect(late).toBeLessThan(0);
});

test('what no retry can mend is logged as an error', async () => {
  await appendLife(eventLog);
  expect(await archiveSegment(await segmentParts())).toBe('added');
  await using other = await openOtherLog(0);
  const logged: unknown[] = [];
  const keep = (level: string) => (found: { err: Error }) => void logged.push([level, found.err.name]);
  const watched = Object.assign(Object.create(logger), { warn: keep('warn'), error: keep('error') });
  const store = new FolderStore(folder);
  const options = { eventLog: other, store, maxAgeMs: MAX_AGE_MS, intervalMs: 50, patienceMs: 50, logger: watched };
  const archiver = new Archiver({ ...options, archive: new Archive(store) });
  await archiver.start();
  await eventually(() => expect(logged).toContainEqual(['error', 'ArchiveMismatchError']));
  await archiver.stop();
  expect(new Set(logged.map(String))).toEqual(new Set(['error,ArchiveMismatchError']));
});

test('an archive that is unavailable is logged as a warning, a gap in it as an error', async () => {
  await appendLife(eventLog);
  expect(await firstFailure(new LostStore(folder))).toBe('warn: ArchiveUnavailableError');
  await eventLog.prefix.purgeBefore(2);
  expect(await firstFailure(new FolderStore(folder))).toBe('error: ArchiveGapError');
});

test('an archive whose last message differs from the log is not continued', async () => {
  await appendLife(eventLog);
  expect(await archiveSegment(await segmentParts())).toBe('added');
  await using other = await openOtherLog(2);
  await expect(archiveSegment(await segmentParts(other))).rejects.toThrow('message 3 of the log differs');
  await appendLife(eventLog);
  expect(await archiveSegment(await segmentParts())).toBe('added');
  expect(await archived()).toBe(6);
});
