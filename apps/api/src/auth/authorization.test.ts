import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Scope, scopes } from '@jobstream/readmodel';
import { type Express, Router } from 'express';
import { beforeAll, describe, expect, test } from 'vitest';
import { useStage } from '../../testing/apiStage.ts';
import { operationsOf, readOpenApi } from '../../testing/contract/openApi.ts';
import { declaredRoutes } from '../../testing/declaredRoutes.ts';
import { addRoute } from '../routes/route.ts';

interface Row {
  readonly call: string;
  readonly scope: Scope | 'none';
  readonly forTenants: boolean;
}

/** What the OpenAPI document says of every operation: whatever is added there is tried here. */
const rows: readonly Row[] = operationsOf(readOpenApi()).map(({ method, path, scope, acrossTenants }) => {
  const call = `${method} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`;
  return { call, scope: (scope ?? 'none') as Row['scope'], forTenants: !acrossTenants };
});
const guarded = rows.filter(({ scope }) => scope !== 'none');

const { api } = useStage({ auth: { open: false } });
const keyWith = new Map<string, string>();

beforeAll(async () => {
  for (const scope of scopes) {
    for (const tenant of [null, 'acme']) {
      const { text } = await api.keys.create({ name: scope, scopes: [scope], tenant, expiresAt: null });
      keyWith.set(keyName(scope, tenant), text);
    }
  }
});

function keyName(scope: Scope, tenant: string | null): string {
  return `${scope} ${tenant ?? ''}`;
}

/** Sends no body, so that whoever may call is told that it is missing: nothing but access is decided here. */
async function answerTo(call: string, authorization?: string) {
  const [method = '', pattern = ''] = call.split(' ');
  const path = pattern.replace(':id', randomUUID()).replace(':file', 'start.js').replace(/:\w+/, 'nightly');
  const ending = new AbortController();
  const headers = authorization === undefined ? {} : { authorization };
  const response = await api.fetch(path, { method, headers, signal: ending.signal });
  const challenge = response.headers.get('www-authenticate');
  const problem = response.status === 401 || response.status === 403 ? ((await response.json()) as object) : undefined;
  ending.abort(); // a feed would go on
  return { status: response.status, challenge, problem };
}

const byCall = (left: { call: string }, right: { call: string }) => (left.call < right.call ? -1 : 1);
const asHolderOf = (scope: Scope, call: string, tenant: string | null = null) =>
  answerTo(call, `Bearer ${keyWith.get(keyName(scope, tenant))}`);

test('the document has every route with what it declares', () => {
  const declared = declaredRoutes(api.app).map(({ method, path, requirement }) => {
    return { call: `${method} ${path}`, scope: requirement?.scope, forTenants: requirement?.acrossTenants === false };
  });
  expect(declared.toSorted(byCall)).toEqual(rows.toSorted(byCall));
});

test('docs/authentication.md has every operation with the scope that it needs', () => {
  const text = readFileSync(new URL('../../../../docs/authentication.md', import.meta.url), 'utf8');
  const table = [
    ...text.matchAll(/^\| `((?:GET|POST|PUT|PATCH|DELETE) [^`]+)` +\| (?:`([^`]+)`|none) +\| (yes|no) /gm),
  ];
  const listed = table.map(([, call = '', scope = 'none', tenants]) => ({
    call,
    scope,
    forTenants: tenants === 'yes',
  }));
  expect(listed.toSorted(byCall)).toEqual(rows.toSorted(byCall));
});

test.each(rows.filter(({ scope }) => scope === 'none'))('$call needs no credentials', async ({ call }) => {
  const { status } = await answerTo(call);
  expect([200, 503]).toContain(status);
});

describe.each(guarded)('$call', ({ call, scope }) => {
  test('requires credentials', async () => {
    const { status, challenge, problem } = await answerTo(call);
    expect({ status, challenge }).toEqual({ status: 401, challenge: 'Bearer realm="jobstream"' });
    expect(problem).toMatchObject({ type: 'urn:jobstream:problem:credentials-required', status: 401 });
  });

  test('refuses an invalid key', async () => {
    const { status, challenge } = await answerTo(call, 'Bearer nonsense');
    expect(status).toBe(401);
    expect(challenge).toBe('Bearer realm="jobstream", error="invalid_token", error_description="not an API key"');
  });

  test.each(scopes.filter((one) => one === scope || one === 'admin'))(`accepts the scope %s`, async (one) => {
    expect([401, 403]).not.toContain((await asHolderOf(one, call)).status);
  });

  test.each(scopes.filter((one) => one !== scope && one !== 'admin'))('refuses the scope %s', async (one) => {
    const { status, challenge, problem } = await asHolderOf(one, call);
    expect(status).toBe(403);
    expect(challenge).toBe(`Bearer realm="jobstream", error="insufficient_scope", scope="${scope}"`);
    expect(problem).toMatchObject({
      type: 'urn:jobstream:problem:insufficient-scope',
      detail: `requires the scope ${scope}`,
    });
  });
});

test.each(guarded.filter(({ forTenants }) => forTenants))('$call is allowed to callers with a tenant', async (row) => {
  expect([401, 403]).not.toContain((await asHolderOf(row.scope as Scope, row.call, 'acme')).status);
});

test.each(guarded.filter(({ forTenants }) => !forTenants))(
  '$call is forbidden to callers with a tenant',
  async (row) => {
    const { problem } = await asHolderOf(row.scope as Scope, row.call, 'acme');
    expect(problem).toMatchObject({ status: 403, type: 'urn:jobstream:problem:not-for-tenants' });
  },
);

test('a route that declares no scope requires admin', () => {
  const router = Router();
  const docs = { id: 'forgotten', tag: 'jobs', summary: 'Forget', responses: {} } as const;
  addRoute(router, { path: '/forgotten', get: { docs, handlers: [(_req, res) => void res.end()] } });
  const [route] = declaredRoutes({ router } as unknown as Express);
  expect(route?.requirement).toEqual({ scope: 'admin', acrossTenants: false });
});
