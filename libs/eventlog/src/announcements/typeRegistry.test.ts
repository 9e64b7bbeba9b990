import { jetstreamManager, type StoredMsg, type StreamAPI } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { eventually, startNats } from '@jobstream/test-support';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { announced, beating } from '../../testing/announced.ts';
import { openEventLog, useEventLog } from '../../testing/openEventLog.ts';
import { publishRaw } from '../../testing/publishRaw.ts';
import { createWithQuickExpiry } from '../../testing/quickExpiry.ts';
import { AnnouncementRefusedError } from '../errors.ts';
import type { TypeRegistry } from './typeRegistry.ts';

const warnings: object[] = [];
const logger = { info: () => undefined, warn: (details: object) => void warnings.push(details) };
const stage = useEventLog({ logger });
let registry: TypeRegistry;
const others: TypeRegistry[] = [];
let count = 0;
let type: string;
let worker: string;

beforeEach(async () => {
  registry ??= await stage.log.announcements.openRegistry();
  warnings.length = 0;
  count++;
  type = `thumbnail-${count}`;
  worker = `build-7-${count}`;
});

afterEach(() => Promise.all(others.splice(0).map((other) => other.stop())));

/** Opens another registry, until the end of the test. */
async function openOther(): Promise<TypeRegistry> {
  const other = await stage.log.announcements.openRegistry();
  others.push(other);
  return other;
}

/** Waits until the registry knows these workers of the type, and returns the type. */
function known(...workers: string[]) {
  return eventually(() => {
    const found = registry.type(type);
    expect(found?.announcements.map((announcement) => announcement.worker)).toEqual(workers);
    return found;
  });
}

function unknown(of: TypeRegistry = registry) {
  return eventually(() => expect(of.type(type)).toBeUndefined());
}

function body(changes: object): string {
  return JSON.stringify({ v: 1, ...announced(worker, { type }), ...changes });
}

async function withStreams<Result>(use: (streams: StreamAPI) => Promise<Result>): Promise<Result> {
  const nats = await connect({ servers: stage.nats.url });
  try {
    return await use((await jetstreamManager(nats)).streams);
  } finally {
    await nats.close();
  }
}

/** Returns the newest message that the stream has under a subject or filter. */
function storedUnder(stream: string, subject: string): Promise<StoredMsg | undefined> {
  return withStreams(async (streams) => (await streams.getMessage(stream, { last_by_subj: subject })) ?? undefined);
}

describe('a registry', () => {
  test('knows a type that a worker announces, with what it announces', async () => {
    const announcement = announced(worker, {
      type,
      name: 'thumbnails',
      version: '1.4.0',
      payloadSchema: { type: 'object' },
      resultSchema: true,
      signals: { approved: { required: ['by'] }, 'no-schema': null, any: true },
      limits: { concurrency: 20, rate: { starts: 100, perMs: 1_000 } },
      defaults: { maxAttempts: 5, timeoutMs: 120_000 },
    });
    await stage.log.announcements.announceType(announcement);
    const found = await known(worker);
    expect(found).toMatchObject({ type, payloadCheck: 'refuse', announcements: [{ ...announcement, live: false }] });
    expect(registry.types()).toContain(found);
  });

  test('ignores fields that a newer release has added', async () => {
    const added = { added: true, limits: { concurrency: 20, added: true } };
    await publishRaw(stage.nats.url, `types.${type}.${worker}`, body(added));
    const heartbeat = beating(worker, { types: [type] });
    await publishRaw(stage.nats.url, `workers.${worker}`, JSON.stringify({ v: 1, ...heartbeat, added: true }));
    await eventually(() => expect(registry.workers()).toContainEqual({ ...heartbeat, live: true }));
    expect((await known(worker))?.announcements).toEqual([{ ...announced(worker, { type }), live: true }]);
    expect(warnings).toEqual([]);
  });

  test('knows a worker that beats, and that its types are live', async () => {
    const running = [{ jobId: 'j', type, attempt: 1, runId: 'r', startedAt: '2026-11-27T08:00:01Z' }];
    const heartbeat = beating(worker, { types: [type], runtime: 'test/1', runningCount: 1, running });
    await stage.log.announcements.announceType(announced(worker, { type }));
    await stage.log.announcements.heartbeat(heartbeat);
    await eventually(() => expect(registry.workers()).toContainEqual({ ...heartbeat, live: true }));
    await eventually(() => expect(registry.type(type)?.announcements).toMatchObject([{ live: true }]));
  });

  test('knows when the event loop of a worker was blocked, from all of its types, also when it is gone', async () => {
    const since = ['2026-01-01T12:00:00.000Z', '2026-01-01T13:00:00.000Z'] as const;
    const job = { jobId: 'a', attempt: 1 };
    const many = Array.from({ length: 8 }, () => job);
    const blocked = [{ since: since[1], durationMs: 2_000, jobs: [job] }];
    await stage.log.announcements.announceType(announced(worker, { type, blocked }));
    const before = Array.from({ length: 12 }, () => ({ since: since[0], durationMs: 9_000, jobs: many }));
    const other = { type: `${type}-too`, blocked: [...before, ...blocked] };
    await stage.log.announcements.announceType(announced(worker, other));
    const ofOther = { ...job, type: other.type };
    await eventually(() =>
      expect(registry.workers().find((one) => one.worker === worker)).toMatchObject({
        live: false,
        blocked: [
          { since: since[0], durationMs: 9_000 },
          { since: since[1], durationMs: 2_000, jobs: [{ ...job, type }, ofOther] },
        ],
      }),
    );
    const [first] = registry.workers().find((one) => one.worker === worker)?.blocked ?? [];
    expect(first?.jobs.slice(0, 5)).toEqual(Array.from({ length: 5 }, () => ofOther));
    await stage.log.announcements.heartbeat(beating(worker, { types: [type] }));
    await eventually(() =>
      expect(registry.workers()).toContainEqual(
        expect.objectContaining({ worker, live: true, blocked: expect.objectContaining({ length: 2 }) }),
      ),
    );
  });

  test('lists both schemas while a deploy rolls, that of the newer worker first', async () => {
    const { announcements } = stage.log;
    const newer = { type, startedAt: '2026-11-27T09:00:00Z', payloadSchema: { required: ['url'] } };
    await announcements.announceType(announced(worker, { type, payloadSchema: { required: ['path'] } }));
    const before = await known(worker);
    await announcements.announceType(announced(`${worker}-next`, newer));
    const after = await known(`${worker}-next`, worker);
    expect(after?.announcements.map(({ payloadSchema }) => payloadSchema)).toEqual([
      { required: ['url'] },
      { required: ['path'] },
    ]);
    expect(after?.version).not.toBe(before?.version);
  });

  test('keeps the version of a type while announcements and heartbeats only repeat', async () => {
    const { announcements } = stage.log;
    const announcement = announced(worker, { type });
    await announcements.announceType(announcement);
    await announcements.heartbeat(beating(worker));
    await eventually(() => expect(registry.type(type)?.announcements).toMatchObject([{ live: true }]));
    const before = registry.type(type);
    await announcements.announceType(announcement);
    await announcements.heartbeat(beating(worker, { runningCount: 3 }));
    await announcements.announceType(announced(`${worker}-last`, { type: `${type}-last` }));
    await eventually(() => expect(registry.type(`${type}-last`)).toBeDefined());
    await eventually(() => expect(registry.workers()).toContainEqual(expect.objectContaining({ runningCount: 3 })));
    expect(registry.type(type)).toBe(before);
  });

  test('takes a name with other characters than a subject may have', async () => {
    const odd = `häuser & "co".${worker} >`;
    await stage.log.announcements.announceType(announced(odd, { type }));
    await stage.log.announcements.heartbeat(beating(odd));
    await known(odd);
    await eventually(() => expect(registry.type(type)?.announcements).toMatchObject([{ live: true }]));
  });
});

describe("an operator's setting of a type", () => {
  test('is seen by every registry, also by one that starts later', async () => {
    const { announcements } = stage.log;
    await announcements.announceType(announced(worker, { type }));
    await announcements.setPayloadCheck(type, 'warn');
    await eventually(() => expect(registry.type(type)?.payloadCheck).toBe('warn'));
    const later = await openOther();
    expect(later.type(type)?.payloadCheck).toBe('warn');
    await announcements.setPayloadCheck(type, 'refuse');
    for (const each of [registry, later]) await eventually(() => expect(each.type(type)?.payloadCheck).toBe('refuse'));
  });

  test('makes no type known that no worker has announced', async () => {
    const { announcements } = stage.log;
    await announcements.setPayloadCheck(type, 'warn');
    const later = await openOther();
    expect(later.type(type)).toBeUndefined();
    expect(later.types().map((each) => each.type)).not.toContain(type);
    await announcements.announceType(announced(worker, { type }));
    await eventually(() => expect(later.type(type)?.payloadCheck).toBe('warn'));
  });
});

describe('a removal', () => {
  test('of a type is seen by every registry, and ends with the next announcement', async () => {
    const { announcements } = stage.log;
    const other = await openOther();
    await announcements.setPayloadCheck(type, 'warn');
    await announcements.announceType(announced(worker, { type }));
    for (const each of [registry, other]) await eventually(() => expect(each.type(type)).toBeDefined());
    await announcements.removeType(type);
    for (const each of [registry, other]) await unknown(each);
    await unknown(await openOther());
    expect(await storedUnder('TYPES', `types.${type}.${worker}`)).toBeUndefined();
    await announcements.announceType(announced(worker, { type }));
    expect(await known(worker)).toMatchObject({ payloadCheck: 'refuse' });
  });

  test('of a worker is seen by every registry, and leaves the announcements of others', async () => {
    const { announcements } = stage.log;
    const other = await openOther();
    const kept = `${worker}-kept`;
    for (const name of [worker, kept]) {
      await announcements.announceType(announced(name, { type }));
      await announcements.heartbeat(beating(name));
    }
    await known(worker, kept);
    await announcements.removeWorker(worker);
    for (const each of [registry, other, await openOther()]) {
      await eventually(() => expect(each.type(type)?.announcements.map((one) => one.worker)).toEqual([kept]));
      await eventually(() => expect(each.workers().map((one) => one.worker)).not.toContain(worker));
      await eventually(() => expect(each.workers().map((one) => one.worker)).toContain(kept));
    }
    expect(await storedUnder('TYPES', `types.${type}.${worker}`)).toBeUndefined();
    expect(await storedUnder('WORKERS', `workers.${worker}`)).toBeUndefined();
  });
});

describe('a message that the protocol does not describe', () => {
  test.each([
    ['no JSON', () => 'no JSON', 'the body is not JSON'],
    ['a list', () => '[]', 'the body is not an object'],
    ['a newer version', () => body({ v: 2 }), '/v is not 1'],
    ['another type than its subject', () => body({ type: 'email' }), '/type or /worker is not the one of the subject'],
    ['no limits', () => body({ limits: undefined }), '/limits is not an object'],
    ['a schema that is none', () => body({ payloadSchema: 'any' }), '/payloadSchema is not a JSON Schema'],
    ['a signal without a schema', () => body({ signals: { paid: 'any' } }), '/signals/paid is not a JSON Schema'],
    [
      'a signal of another name',
      () => body({ signals: { 'no name': null } }),
      '/signals has a field that is not the name of a signal',
    ],
    [
      'too many signals',
      () => body({ signals: Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`s${index}`, null])) }),
      '/signals has more than 32 fields',
    ],
  ])('as %s is ignored with one log line, and the earlier one counts no more', async (_what, malformed, reason) => {
    await stage.log.announcements.announceType(announced(worker, { type }));
    await known(worker);
    for (let times = 0; times < 2; times++) await publishRaw(stage.nats.url, `types.${type}.${worker}`, malformed());
    await unknown();
    await publishRaw(stage.nats.url, `types.${type}.${worker}-x`, body({ worker: `${worker}-x` }));
    await known(`${worker}-x`);
    expect(warnings).toEqual([{ subject: `types.${type}.${worker}`, reason }]);
  });

  test.each([
    ['without a number', () => ({ pid: 'x' }), '/pid is not a whole number of at least 0'],
    ['by another name', () => ({ worker: 'other' }), '/worker is not the one of the subject'],
  ])('as a heartbeat %s makes no worker known', async (_what, changes, reason) => {
    await publishRaw(stage.nats.url, `workers.${worker}`, JSON.stringify({ v: 1, ...beating(worker), ...changes() }));
    const expected = { subject: `workers.${worker}`, reason };
    await eventually(() => expect(warnings).toEqual([expected]));
    expect(registry.workers().filter((one) => [worker, 'other'].includes(one.worker))).toEqual([]);
  });

  test('is refused when it is too large', async () => {
    const { announcements } = stage.log;
    const description = 'x'.repeat(140_000);
    const large = announced(worker, { type, payloadSchema: { description } });
    await expect(announcements.announceType(large)).rejects.toThrow(AnnouncementRefusedError);
    const raw = publishRaw(stage.nats.url, `types.${type}.${worker}`, body({ payloadSchema: { description } }));
    await expect(raw).rejects.toThrow('message size exceeds maximum allowed');
  });
});

test('an announcement asks the server to remove it after a day', async () => {
  await stage.log.announcements.announceType(announced(worker, { type }));
  const stored = await storedUnder('TYPES', `types.${type}.${worker}`);
  expect(stored?.header.get('Nats-TTL')).toBe('24h');
});

test('heartbeats of a single server are in a stream that outlives it and is not synced', async () => {
  const config = await withStreams(async (streams) => (await streams.info('WORKERS')).config);
  expect(config).toMatchObject({ storage: 'file', persist_mode: 'async' });
});

test('an announcement that expires makes the type unknown', async () => {
  await publishRaw(stage.nats.url, `types.${type}.${worker}`, body({}), { 'Nats-TTL': '1s' });
  await known(worker);
  await eventually(() => expect(registry.type(type)).toBeUndefined());
});

test('a worker that beats no more is gone, and listed until its announcements expire', async () => {
  await using nats = await startNats();
  await createWithQuickExpiry(nats.url);
  await using log = await openEventLog({ url: nats.url });
  const other = await log.announcements.openRegistry();
  await log.announcements.announceType(announced('w', { type: 'resize', name: 'thumbnails' }));
  await log.announcements.announceType(announced('w', { name: 'thumbnails' }));
  await log.announcements.heartbeat(beating('w'));
  await eventually(() => expect(other.workers()).toMatchObject([{ worker: 'w', live: true }]));
  await eventually(() => expect(other.workers()).toMatchObject([{ worker: 'w', live: false }]));
  const { host, startedAt } = announced('w');
  const gone = { worker: 'w', host, startedAt, name: 'thumbnails', types: ['resize', 'thumbnail'] };
  expect(other.workers()).toEqual([{ ...gone, runningCount: 0, running: [], live: false }]);
  expect(other.type('resize')?.announcements).toMatchObject([{ live: false }]);
});
