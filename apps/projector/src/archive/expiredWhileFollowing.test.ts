import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Archive, ArchiveWriter, FolderStore } from '@jobstream/archive';
import { EventLog, HistoryIncompleteError } from '@jobstream/eventlog';
import { migrate, ReadModel } from '@jobstream/readmodel';
import {
  createDatabase,
  eventually,
  startNats,
  startTcpProxy,
  type TcpProxy,
  type TestNats,
} from '@jobstream/test-support';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { silentObserver } from '../projection/projectLog.ts';
import { appendLife } from '../../testing/jobLoad.ts';
import { startProjector } from '../../testing/startProjector.ts';
import { archiveSegment } from './archiveSegment.ts';

let nats: TestNats;
let proxy: TcpProxy;
let folder: string;
let writing: EventLog;
/** Can be cut off. */
let reading: EventLog;

beforeEach(async () => {
  [nats, folder] = await Promise.all([startNats(), mkdtemp(path.join(tmpdir(), 'expired-'))]);
  proxy = await startTcpProxy(nats.port);
  const options = { name: 'test', deadlineMs: 30_000 };
  writing = new EventLog({ ...options, url: nats.url });
  const archive = new Archive(new FolderStore(folder));
  reading = new EventLog({ ...options, url: `nats://127.0.0.1:${proxy.port}`, archive });
  await writing.start();
  await reading.start();
});

afterEach(async () => {
  await Promise.all([reading.stop(), writing.stop()]);
  await proxy[Symbol.asyncDispose]();
  await nats[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** Appends three messages and archives them. */
async function appendArchived(): Promise<void> {
  await appendLife(writing);
  const store = new FolderStore(folder);
  const archive = new Archive(store);
  const parts = { archive, writer: await ArchiveWriter.open(store, archive), beginLate: false };
  const outcome = await archiveSegment({ ...parts, eventLog: writing, stop: new AbortController().signal });
  expect(outcome).toBe('added');
}

async function expiredUpTo(sequence: number): Promise<void> {
  await writing.prefix.purgeBefore(sequence + 1);
}

/** Follows the log from its beginning up to message 7. */
function collect(): { sequences: number[]; ended: Promise<void> } {
  const feed = reading.follow({ after: 0 });
  const sequences: number[] = [];
  const run = async () => {
    for await (const entries of feed) {
      sequences.push(...entries.map(({ sequence }) => sequence));
      if (sequences.includes(7)) await feed.stop();
    }
  };
  return { sequences, ended: run() };
}

test('messages that expire while the archive is read come from the archive', async () => {
  await appendArchived();
  await expiredUpTo(3);
  const feed = reading.follow({ after: 0 });
  const sequences: number[] = [];
  for await (const entries of feed) {
    sequences.push(...entries.map(({ sequence }) => sequence));
    if (sequences.at(-1) === 3) {
      await appendArchived();
      await expiredUpTo(6);
      await appendLife(writing, 1);
    }
    if (sequences.includes(7)) await feed.stop();
  }
  expect(sequences).toEqual([1, 2, 3, 4, 5, 6, 7]);
});

test('messages that expire while a follower is disconnected come from the archive', async () => {
  await appendArchived();
  const { sequences, ended } = collect();
  await eventually(() => expect(sequences).toEqual([1, 2, 3]));
  await proxy.cut();
  await appendArchived();
  await expiredUpTo(6);
  await proxy.heal();
  await appendLife(writing, 1);
  await ended;
  expect(sequences).toEqual([1, 2, 3, 4, 5, 6, 7]);
});

test('messages that expire unarchived while a follower is disconnected end its feed before the gap', async () => {
  await appendArchived();
  const { sequences, ended } = collect();
  await eventually(() => expect(sequences).toEqual([1, 2, 3]));
  const failure = ended.catch((error: unknown) => error);
  await proxy.cut();
  await appendLife(writing);
  await expiredUpTo(6);
  await proxy.heal();
  await appendLife(writing, 1);
  expect(await failure).toBeInstanceOf(HistoryIncompleteError);
  expect(sequences).toEqual([1, 2, 3]);
});

test('a projector waits while the archive is unavailable', async () => {
  await appendArchived();
  await expiredUpTo(3);
  await rename(folder, `${folder}.moved`);
  await writeFile(folder, 'no folder');
  const databaseUrl = await createDatabase();
  await migrate(databaseUrl);
  const { promise: interrupted, resolve } = Promise.withResolvers<void>();
  const observer = { ...silentObserver, interrupted: resolve };
  await using projector = await startProjector({ eventLog: reading, databaseUrl, observer });
  await Promise.race([interrupted, projector.failure]);
  await rm(folder);
  await rename(`${folder}.moved`, folder);
  const readModel = new ReadModel({ databaseUrl, name: 'test', queryMs: 30_000 });
  onTestFinished(() => readModel.stop());
  await eventually(async () => expect((await readModel.readCheckpoint())?.lastSequence).toBe(3));
});
