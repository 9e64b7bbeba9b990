import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Archive } from './archive.ts';
import type { ArchivedMessage } from './archivedMessage.ts';
import { ArchiveWriter } from './archiveWriter.ts';
import { ArchiveCorruptError } from './errors.ts';
import { FolderStore } from './folderStore.ts';
import { SegmentBuilder } from './segmentBuilder.ts';

let folder: string;
let store: FolderStore;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'archive-'));
  store = new FolderStore(folder);
});

afterEach(() => rm(folder, { recursive: true, force: true }));

function message(
  sequence: number,
  jobId: string,
  body: Uint8Array = Buffer.from(`{"n":${sequence}}`),
): ArchivedMessage {
  const recordedAt = new Date(1_700_000_000_000 + sequence).toISOString();
  return { sequence, subject: `jobs.email.${jobId}.created`, recordedAt, headers: { a: 'b' }, body };
}

async function segmentOf(messages: readonly ArchivedMessage[]) {
  const builder = new SegmentBuilder();
  for (const one of messages) await builder.add(one);
  return builder.finish();
}

/** An archive with these segments, read afresh. */
async function archiveOf(...segments: (readonly ArchivedMessage[])[]): Promise<Archive> {
  const writing = new Archive(store);
  const writer = await ArchiveWriter.open(store, writing);
  for (const messages of segments) expect(await writer.add(await segmentOf(messages))).toBe(true);
  const archive = new Archive(store);
  await archive.refresh();
  return archive;
}

async function all(archive: Archive, after = 0): Promise<ArchivedMessage[]> {
  const found: ArchivedMessage[] = [];
  for await (const messages of archive.messagesAfter(after)) found.push(...messages);
  return found;
}

/** Enough text that a block is full after a few messages. */
function long(sequence: number, jobId: string): ArchivedMessage {
  return message(sequence, jobId, Buffer.from(JSON.stringify('x'.repeat(100_000) + String(sequence))));
}

test('messages are read as they were written, byte for byte', async () => {
  const odd = [Buffer.from([0xff, 0x00, 0x0a]), Buffer.from(''), Buffer.from('a\nb\u{0}"\u{2028}'), Buffer.from('{}')];
  const messages = odd.map((body, index) => message(index + 1, randomUUID(), body));
  expect(await all(await archiveOf(messages.slice(0, 2), messages.slice(2)))).toEqual(messages);
});

test('reading begins after any sequence in any segment and block', async () => {
  const messages = Array.from({ length: 20 }, (_, index) => long(index + 1, randomUUID()));
  const archive = await archiveOf(messages.slice(0, 9), messages.slice(9));
  for (const after of [0, 1, 4, 8, 9, 10, 19, 20]) expect(await all(archive, after)).toEqual(messages.slice(after));
});

test('the messages of a job are found across segments and blocks, and none of another job', async () => {
  const [job, other] = [randomUUID(), randomUUID()];
  const messages = Array.from({ length: 20 }, (_, index) => long(index + 1, index % 3 === 0 ? job : other));
  const archive = await archiveOf(messages.slice(0, 7), messages.slice(7));
  expect((await archive.messagesOf(job)).map(({ sequence }) => sequence)).toEqual([1, 4, 7, 10, 13, 16, 19]);
  expect(await archive.messagesOf(randomUUID())).toEqual([]);
});

test('jobs whose ids end alike are not confused', async () => {
  const [job, twin] = ['11111111-1111-4111-8111-1111aaaaaaaa', '22222222-2222-4222-8222-2222aaaaaaaa'];
  const archive = await archiveOf([message(1, job), message(2, twin)]);
  expect(await archive.messagesOf(twin)).toEqual([message(2, twin)]);
});

test('segments are NDJSON that any gunzip reads', async () => {
  const archive = await archiveOf([
    long(1, randomUUID()),
    long(2, randomUUID()),
    long(3, randomUUID()),
    long(4, randomUUID()),
  ]);
  const [entry] = archive.entries;
  expect(entry?.blocks).toHaveLength(2);
  const lines = gunzipSync(await readFile(path.join(folder, entry?.segment.name ?? '')))
    .toString()
    .trim()
    .split('\n');
  expect(lines.map((line) => (JSON.parse(line) as ArchivedMessage).sequence)).toEqual([1, 2, 3, 4]);
});

test('a reader sees what is added after it was opened once it refreshes', async () => {
  const archive = await archiveOf([message(1, randomUUID())]);
  const writer = await ArchiveWriter.open(store, archive);
  await writer.add(await segmentOf([message(2, randomUUID())]));
  expect(archive.span).toMatchObject({ first: 1, last: 2 });
});

test('of two writers that begin at one sequence only one adds its segment', async () => {
  const messages = Array.from({ length: 4 }, (_, index) => message(index + 1, randomUUID()));
  const archives = [new Archive(store), new Archive(store), new Archive(store)];
  const added = await Promise.all(
    archives.map(async (archive, index) => {
      const writer = await ArchiveWriter.open(store, archive);
      return writer.add(await segmentOf(messages.slice(0, index + 2)));
    }),
  );
  expect(added.filter(Boolean)).toHaveLength(1);
  for (const archive of archives) expect(archive.span.last).toBe(added.indexOf(true) + 2);
});

test('a flipped bit anywhere in any file is detected, and nothing of the file is used', async () => {
  const job = randomUUID();
  await archiveOf([message(1, job), message(2, job)], [message(3, job)]);
  const files = (await Promise.all(['manifest', 'segments'].map((name) => store.list(name, '')))).flat();
  expect(files).toHaveLength(6);
  for (const file of files) {
    const intact = await readFile(path.join(folder, file));
    for (let offset = 0; offset < intact.length; offset++) {
      const damaged = Buffer.from(intact);
      damaged[offset] = (damaged[offset] ?? 0) ^ 0x01;
      await writeFile(path.join(folder, file), damaged);
      expect(await faultOf(job), `${file} at ${offset}`).toContain(file.slice(0, 25));
    }
    await writeFile(path.join(folder, file), intact);
  }
});

/** The damaged file that a reader of everything reports. */
async function faultOf(job: string): Promise<string> {
  try {
    const archive = new Archive(store);
    await archive.refresh();
    const [events, read] = [await archive.messagesOf(job), await all(archive)];
    return `nothing noticed: ${events.length}, ${read.length}`;
  } catch (error) {
    if (!(error instanceof ArchiveCorruptError)) throw error;
    return error.file;
  }
}

test('a file that is missing or cut short is found', async () => {
  const archive = await archiveOf([message(1, randomUUID())], [message(2, randomUUID())]);
  const [first, second] = archive.entries.map(({ segment }) => segment.name);
  await rm(path.join(folder, first ?? ''));
  await writeFile(path.join(folder, second ?? ''), (await readFile(path.join(folder, second ?? ''))).subarray(0, 20));
  const damage: string[] = [];
  for await (const { message: sentence } of archive.damage()) damage.push(sentence);
  expect(damage).toEqual([expect.stringContaining('is missing'), expect.stringContaining('is too short')]);
});

test('an entry missing from the manifest is detected at the next one', async () => {
  await archiveOf([message(1, randomUUID())], [message(2, randomUUID())], [message(3, randomUUID())]);
  const [, second = ''] = await store.list('manifest', '');
  await rm(path.join(folder, second));
  await expect(new Archive(store).refresh()).rejects.toThrow('does not follow on');
});

test('the loss of the first entries is detected, but an archive may begin late', async () => {
  await archiveOf([message(5, randomUUID())], [message(6, randomUUID())], [message(7, randomUUID())]);
  const names = await store.list('manifest', '');
  for (const name of names.slice(0, 2)) {
    await rm(path.join(folder, name));
    await expect(new Archive(store).refresh()).rejects.toThrow('is not the first that was written');
  }
});

test('files without an entry, left by a writer that died, are not part of the archive', async () => {
  const { segment, index } = await segmentOf([message(1, randomUUID())]);
  for (const { name, body } of [segment, index]) await store.write(name, body);
  const archive = await archiveOf([message(1, randomUUID()), message(2, randomUUID())]);
  expect(archive.span).toMatchObject({ first: 1, last: 2 });
  expect((await readdir(path.join(folder, 'segments'))).length).toBe(4);
});

test('a message that does not follow the one before is rejected', async () => {
  await expect(segmentOf([message(1, randomUUID()), message(3, randomUUID())])).rejects.toThrow('message 2');
});
