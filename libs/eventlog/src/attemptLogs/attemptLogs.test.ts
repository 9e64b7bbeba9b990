import { randomBytes, randomUUID } from 'node:crypto';
import { eventually, startNats } from '@jobstream/test-support';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { EventLog } from '../eventLog.ts';
import type { ChunkOutcome } from './attemptLogs.ts';
import type { LogChunk } from './logChunk.ts';

const MAX_PAYLOAD = 65_536;
const nats = await startNats({ maxPayload: '64KB' });
afterAll(() => nats[Symbol.asyncDispose]());

const masterKeys = [{ id: 'test', secret: randomBytes(32) }];
const logsRetention = { maxAgeMs: 86_400_000, maxBytes: 67_108_864 };

async function openLog(keys: typeof masterKeys = []): Promise<EventLog> {
  const log = new EventLog({ url: nats.url, name: 'test', masterKeys: keys, logsRetention });
  await log.start();
  onTestFinished(() => log.stop());
  return log;
}

function chunkOf(message: string, jobId: string = randomUUID(), chunk = 0): LogChunk {
  const lines = JSON.stringify({ time: Date.now(), level: 'info', message });
  return { jobId, attempt: 1, runId: randomUUID(), chunk, end: true, sealed: false, lines };
}

/** Resolves to what became of each, which is told once. */
async function append(log: EventLog, chunks: readonly LogChunk[]): Promise<readonly ChunkOutcome[]> {
  const told: ChunkOutcome[][] = chunks.map(() => []);
  const parcels = chunks.map((chunk, index) => ({ chunk, index, ...Promise.withResolvers<void>() }));
  log.attemptLogs.append(parcels, ({ index, resolve }, outcome) => {
    told[index]?.push(outcome);
    resolve();
  });
  await Promise.all(parcels.map(({ promise }) => promise));
  expect(told.map(({ length }) => length)).toEqual(chunks.map(() => 1));
  return told.flat();
}

async function messagesOf(log: EventLog, jobId: string): Promise<readonly string[]> {
  const { lines } = await log.attemptLogs.read({ jobId, attempt: 1, since: Date.now() - 60_000, limit: 100 });
  return lines.map(({ line }) => line.message);
}

/** All that the stream LOGS holds, as the server keeps it. */
async function stored(): Promise<string> {
  const connection = await connect({ servers: nats.url });
  const manager = await jetstreamManager(connection);
  const { state } = await manager.streams.info('LOGS');
  const bodies: string[] = [];
  for (let seq = state.first_seq; seq <= state.last_seq; seq += 1) {
    bodies.push((await manager.streams.getMessage('LOGS', { seq }))?.string() ?? '');
  }
  await connection.close();
  return bodies.join('\n');
}

test('chunks that are sent together are all stored, in their order', async () => {
  const log = await openLog();
  const jobId = randomUUID();
  const chunks = Array.from({ length: 20 }, (_, index) => chunkOf(`line ${index}`, jobId));
  expect(new Set(await append(log, chunks))).toEqual(new Set(['stored']));
  expect(await messagesOf(log, jobId)).toEqual(chunks.map((_, index) => `line ${index}`));
});

test.each([
  ['first', [0, 1]],
  ['last', [1, 0]],
])('a chunk that is larger than a message may be is refused, and the %s of two', async (_place, order) => {
  const log = await openLog();
  const [large, small] = [chunkOf('x'.repeat(MAX_PAYLOAD)), chunkOf('small')];
  const outcomes = await append(
    log,
    order.map((index) => (index === 0 ? large : small)),
  );
  // Without the last there is no acknowledgement: the other may be sent again.
  expect(outcomes).toEqual(order[0] === 0 ? ['refused', 'stored'] : ['unknown', 'refused']);
  await eventually(async () => expect(await messagesOf(log, small.jobId)).toEqual(['small']));
});

test('lines are stored encrypted, and read with the key of their job until it is destroyed', async () => {
  const log = await openLog(masterKeys);
  const chunk = chunkOf('the-secret-of-the-line');
  expect(await append(log, [chunk, { ...chunk, chunk: 1 }])).toEqual(['stored', 'stored']);
  expect(await stored()).toContain(chunk.jobId);
  expect(await stored()).not.toContain('the-secret');
  expect(await messagesOf(log, chunk.jobId)).toEqual(['the-secret-of-the-line', 'the-secret-of-the-line']);
  const keyless = 'the lines of this run cannot be decrypted: this process does not have their key (PAYLOAD_KEYS)';
  expect(await messagesOf(await openLog(), chunk.jobId)).toEqual([keyless]);
  await log.contents.shred(chunk.jobId);
  expect(await messagesOf(log, chunk.jobId)).toEqual([
    'the lines of this run were erased with the payload of their job',
  ]);
  expect(await append(log, [chunk])).toEqual(['refused']);
});

test('a copy of a chunk that was read is left out of later reads, also behind the position of a page', async () => {
  const log = await openLog();
  const first = { ...chunkOf('first'), end: false };
  const second = { ...chunkOf('second', first.jobId, 1), runId: first.runId };
  const query = { jobId: first.jobId, attempt: 1, since: Date.now() - 60_000 };
  const reader = log.attemptLogs.open(query);
  const next = async () => (await reader.next({ limit: 100 })).lines.map(({ line }) => line.message);
  await append(log, [first]);
  expect(await next()).toEqual(['first']);
  const page = await log.attemptLogs.read({ ...query, limit: 1 });
  await append(log, [second, first, second]);
  expect(await next()).toEqual(['second']);
  await append(log, [second]);
  expect(await next()).toEqual([]);
  const { lines } = await log.attemptLogs.read({ ...query, after: page.position, limit: 100 });
  expect(lines.map(({ line }) => line.message)).toEqual(['second']);
});

test('a chunk that is longer than a page is read to its end', async () => {
  const log = await openLog();
  const chunk = chunkOf('one');
  await append(log, [{ ...chunk, lines: ['one', 'two', 'three'].map((one) => chunkOf(one).lines).join('\n') }]);
  const reader = log.attemptLogs.open({ jobId: chunk.jobId, attempt: 1, since: Date.now() - 60_000 });
  const next = async () => {
    const { lines, isMore } = await reader.next({ limit: 2 });
    return { isMore, lines: lines.map(({ line }) => line.message) };
  };
  expect(await next()).toEqual({ isMore: true, lines: ['one', 'two'] });
  expect(await next()).toEqual({ isMore: false, lines: ['three'] });
});

test('a run has been read when its last chunk was, and each before it', async () => {
  const log = await openLog();
  const first = { ...chunkOf('first'), end: false };
  const { jobId, runId } = first;
  const second = { ...first, chunk: 1 };
  const last = { ...first, chunk: 2, end: true };
  const reader = log.attemptLogs.open({ jobId, attempt: 1, since: Date.now() - 60_000 });
  const hasAllAfter = async (chunks: readonly LogChunk[]) => {
    await append(log, chunks);
    await reader.next({ limit: 100 });
    return reader.hasAll(runId);
  };
  expect(await hasAllAfter([first])).toBe(false);
  expect(await hasAllAfter([last])).toBe(false); // the second was sent, and is not stored yet
  expect(await hasAllAfter([second])).toBe(true);
  expect(reader.hasAll(randomUUID())).toBe(false);
});
