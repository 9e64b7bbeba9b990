import { randomBytes } from 'node:crypto';
import { JobProjection } from '@jobstream/readmodel';
import { describe, expect, test } from 'vitest';
import { useStage } from '../../../testing/apiStage.ts';
import { projectAll } from '../../../testing/projectAll.ts';
import type { TestApi } from '../../../testing/startApi.ts';

async function namePaths(databaseUrl: string): Promise<void> {
  const projection = await JobProjection.open(databaseUrl, undefined, new Map([['order', ['customer', 'total']]]));
  await projection.tryAcquire();
  await projection.close();
}

function search(api: TestApi, query: Record<string, string>): Promise<Response> {
  return api.fetch(`/api/jobs?${new URLSearchParams(query).toString()}`);
}

describe('a search', () => {
  const stage = useStage();
  const { api } = stage;

  test('finds the jobs of a type with a value at a named path, and counts them', async () => {
    await namePaths(stage.databaseUrl);
    for (const customer of ['ACME', 'ACME', 'Globex'])
      await api.post('/api/jobs', { type: 'order', payload: { customer, total: 7 } });
    await projectAll(api.log, stage.databaseUrl);
    const found = await search(api, { type: 'order', search: 'customer=ACME', count: 'true' });
    expect(await found.json()).toMatchObject({
      items: [{ payload: { customer: 'ACME' } }, {}],
      total: 2,
      totalExact: true,
    });
    const both = await api.fetch('/api/jobs?type=order&search=customer%3DGlobex&search=total%3E%3D7');
    expect(await both.json()).toMatchObject({ items: [{ payload: { customer: 'Globex' } }] });
  });

  test.each([
    [{ search: 'customer=A' }, 'must be given together with one type'],
    [{ type: 'order,email', search: 'customer=A' }, 'must be given together with one type'],
    [{ type: 'order', search: 'colour=red' }, 'must have a path that SEARCH_PATHS names for order: customer, total'],
    [{ type: 'email', search: 'to=me' }, 'must have a path that SEARCH_PATHS names for email: no paths'],
    [{ type: 'order', search: 'customer' }, 'must be a path, one of = >= <= ^= and a value, such as customer=ACME'],
    [{ type: 'order', search: 'customer=' }, 'must be a path, one of = >= <= ^= and a value, such as customer=ACME'],
    [{ type: 'order', search: `customer=${'x'.repeat(257)}` }, 'must have a value of at most 256 characters'],
  ])('as %j is refused with a sentence', async (query, detail) => {
    await namePaths(stage.databaseUrl);
    const response = await search(api, query);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ errors: [{ parameter: 'search', detail }] });
  });
});

describe('where contents are encrypted', () => {
  const stage = useStage({ log: { masterKeys: [{ id: 'test', secret: randomBytes(32) }] } });

  test('a search is refused with a sentence', async () => {
    const response = await search(stage.api, { type: 'order', search: 'customer=A' });
    expect(response.status).toBe(400);
    const detail = 'is not possible here: payloads and results are encrypted (PAYLOAD_KEYS)';
    expect(await response.json()).toMatchObject({ errors: [{ parameter: 'search', detail }] });
  });
});
