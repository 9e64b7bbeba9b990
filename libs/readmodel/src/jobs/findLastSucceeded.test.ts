import { forEachTest } from '@jobstream/test-support';
import { beforeEach, expect, test } from 'vitest';
import { migratedDatabase } from '../../testing/migratedDatabase.ts';

const database = forEachTest(migratedDatabase);

interface Row {
  readonly type?: string;
  readonly status?: string;
  readonly tags?: readonly string[];
  readonly tenant?: string;
  /** Seconds from the begin. */
  readonly finished?: number;
}

let count = 0;
beforeEach(() => {
  count = 0;
});

const idOf = (n: number) => `${String(n).padStart(8, '0')}-0000-7000-8000-000000000000`;

/** Each is created a second after the one before. */
async function add({
  type = 'email',
  status = 'completed',
  tags = [],
  tenant,
  finished = 0,
}: Row = {}): Promise<string> {
  count += 1;
  await database.query(
    `INSERT INTO jobs (id, type, status, payload, attempt, max_attempts, backoff, timeout_ms, created_at, updated_at, finished_at,
        tags, tenant, version, last_sequence)
      VALUES ($1, $2, $3, 'null', 0, 5, '{"type": "fixed", "delayMs": 1}', 60000, timestamptz '2026-01-01Z' + $4::int * interval '1 s',
        now(), timestamptz '2026-01-02Z' + $5::int * interval '1 s', $6, $7, 1, $4)`,
    [idOf(count), type, status, count, finished, tags, tenant ?? null],
  );
  return idOf(count);
}

const found = (tags: readonly string[], more: object = {}) =>
  database.readModel.findLastSucceeded({ id: idOf(99), type: 'email', tags, ...more });

test('it is the one that shares the most tags, and of several the last to end', async () => {
  await add({ tags: ['a', 'b'], finished: 1 });
  const last = await add({ tags: ['a', 'b', 'd'], finished: 9 });
  await add({ tags: ['b', 'a'], finished: 2 });
  await add({ tags: ['a'], finished: 20 });
  const untagged = await add({ finished: 30 });
  expect(await found(['a', 'b', 'c'])).toBe(last);
  expect(await found([])).toBe(untagged);
  expect(await found(['none'])).toBe(untagged);
});

test('it is of the same type and tenant, has succeeded, and is another one', async () => {
  const own = await add({ tags: ['a'] });
  await add({ tags: ['a'], status: 'failed' });
  await add({ tags: ['a'], type: 'report' });
  await add({ tags: ['a'], tenant: 'acme' });
  expect(await found(['a'], { id: own })).toBeUndefined();
  const other = await add();
  const ofTenant = await add({ tenant: 'acme' });
  expect(await found(['a'], { id: own })).toBe(other);
  expect(await found(['b'], { tenant: 'acme' })).toBe(ofTenant);
  expect(await found(['a'], { tenant: 'globex' })).toBeUndefined();
});
