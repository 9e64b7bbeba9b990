import { type ApiKeyCredential, ReadModelUnavailableError } from '@jobstream/readmodel';
import { createLogger } from '@jobstream/runtime';
import { eventually } from '@jobstream/test-support';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ApiKeyCache, type ApiKeyCacheOptions } from './apiKeyCache.ts';

/** A table of keys as the ring sees it, which can be away, and answer when it is told to. */
class Table {
  readonly rows = new Map<string, ApiKeyCredential>();
  readonly touched: ReadonlyMap<string, number>[] = [];
  away = false;
  readings = 0;
  answer: Promise<void> = Promise.resolve();

  add(id: string, { madeOpen = false } = {}): void {
    const limits = { scopes: ['jobs:read'] as const, tenant: null, expiresAt: null };
    this.rows.set(id, { id, name: `key ${id}`, ...limits, secretHash: Buffer.alloc(32), madeOpen });
  }

  async active(): Promise<readonly ApiKeyCredential[]> {
    this.readings += 1;
    const rows = [...this.rows.values()];
    await this.answer;
    if (this.away) throw new ReadModelUnavailableError('away');
    return rows;
  }

  touch(uses: ReadonlyMap<string, number>): Promise<void> {
    this.touched.push(uses);
    return Promise.resolve();
  }
}

let table: Table;
let ring: ApiKeyCache;

const logger = createLogger({ service: 'api', level: 'silent' });
const never = { reloadMs: 1e9, touchMs: 1e9 };

async function startRing(options: Partial<ApiKeyCacheOptions> = never): Promise<void> {
  ring = new ApiKeyCache({ keys: table, open: false, logger, ...options });
  await ring.start();
}

beforeEach(() => {
  table = new Table();
  table.add('known');
});
afterEach(() => ring.stop());

test('a known key is found without a look at the table', async () => {
  await startRing();
  for (let times = 0; times < 100; times++) expect(await ring.find('known')).toMatchObject({ id: 'known' });
  expect(table.readings).toBe(1);
});

test('a key that was made after the last look is found at once', async () => {
  await startRing();
  table.add('new');
  expect(await ring.find('new')).toMatchObject({ id: 'new' });
});

test('a key that was made while the table is looked at is found with the next look', async () => {
  await startRing({ ...never, maxWaitMs: 30_000 });
  const { promise, resolve } = Promise.withResolvers<void>();
  table.answer = promise;
  const unknown = ring.find('nobody');
  await eventually(() => expect(table.readings).toBe(2));
  table.add('new');
  const found = ring.find('new');
  resolve();
  expect(await unknown).toBeUndefined();
  expect(await found).toMatchObject({ id: 'new' });
});

test('many unknown keys at once share one look', async () => {
  await startRing();
  const found = await Promise.all(Array.from({ length: 500 }, (_, index) => ring.find(`unknown-${index}`)));
  expect(new Set(found)).toEqual(new Set([undefined]));
  expect(table.readings).toBe(2);
});

test('a revoked key is evicted at the next refresh', async () => {
  await startRing({ ...never, reloadMs: 20 });
  table.rows.clear();
  await eventually(async () => expect(await ring.find('known')).toBeUndefined());
});

test('connections of a revoked key are closed once, unless they have ended', async () => {
  await startRing({ ...never, reloadMs: 20 });
  const told: string[] = [];
  ring.onRevoked('known', () => told.push('stays'));
  ring.onRevoked('known', () => told.push('left'))();
  table.add('other');
  ring.onRevoked('other', () => told.push('other'));
  table.rows.delete('known');
  await eventually(() => expect(told).toEqual(['stays']));
  const { readings } = table;
  await eventually(() => expect(table.readings).toBeGreaterThan(readings + 1));
  expect(told).toEqual(['stays']);
});

describe('while the table is unavailable', () => {
  test('a known key stays valid', async () => {
    await startRing({ ...never, reloadMs: 20 });
    table.away = true;
    const readings = table.readings;
    await eventually(() => expect(table.readings).toBeGreaterThan(readings + 2));
    expect(await ring.find('known')).toMatchObject({ id: 'known' });
  });

  test('a known key is valid for a bounded time', async () => {
    await startRing({ ...never, maxAgeMs: 50 });
    table.away = true;
    await eventually(() => expect(ring.find('known')).rejects.toMatchObject({ code: 'credentials-unverifiable' }));
  });

  test('a known key is valid for five minutes', async () => {
    await startRing({ ...never, maxWaitMs: 10 });
    table.away = true;
    const readAt = performance.now();
    const clock = vi.spyOn(performance, 'now').mockReturnValue(readAt + 299_000);
    expect(await ring.find('known')).toMatchObject({ id: 'known' });
    clock.mockReturnValue(readAt + 301_000);
    await expect(ring.find('known')).rejects.toMatchObject({ code: 'credentials-unverifiable' });
    clock.mockRestore();
  });

  test('an unknown key is neither accepted nor refused', async () => {
    table.away = true;
    await startRing();
    await expect(ring.find('known')).rejects.toMatchObject({ code: 'credentials-unverifiable' });
    table.away = false;
    expect(await ring.find('known')).toMatchObject({ id: 'known' });
  });

  test('refreshes do not overtake each other: an older one would restore a revoked key', async () => {
    await startRing();
    const { promise, resolve } = Promise.withResolvers<void>();
    table.answer = promise;
    const first = ring.find('unknown');
    await eventually(() => expect(table.readings).toBe(2));
    const second = ring.find('unknown');
    // Both give up after a time in which another reading would long have begun.
    await expect(first).rejects.toMatchObject({ code: 'credentials-unverifiable' });
    await expect(second).rejects.toMatchObject({ code: 'credentials-unverifiable' });
    expect(table.readings).toBe(2);
    resolve();
  });

  test('a table that does not respond does not block requests', async () => {
    await startRing();
    const { promise, resolve } = Promise.withResolvers<void>();
    table.answer = promise;
    await expect(ring.find('unknown')).rejects.toMatchObject({ code: 'credentials-unverifiable' });
    resolve();
  });
});

describe('the times of last use', () => {
  test('are written periodically, the latest for each key', async () => {
    await startRing({ ...never, touchMs: 20 });
    const before = Date.now();
    for (let times = 0; times < 100; times++) ring.recordUse('known');
    await eventually(() => expect(table.touched).toHaveLength(1));
    expect([...(table.touched[0] ?? [])]).toEqual([['known', expect.any(Number)]]);
    expect(table.touched[0]?.get('known')).toBeGreaterThanOrEqual(before);
  });

  test('are written at the stop', async () => {
    await startRing();
    ring.recordUse('known');
    await ring.stop();
    expect(table.touched).toEqual([new Map([['known', expect.any(Number)]])]);
  });
});
