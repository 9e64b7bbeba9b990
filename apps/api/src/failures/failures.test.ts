import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { useStage } from '../../testing/apiStage.ts';
import { failJob } from '../../testing/failJob.ts';
import { projectAll } from '../../testing/projectAll.ts';
import type { TestApi } from '../../testing/startApi.ts';

interface Failures {
  readonly total: number;
  readonly items: readonly {
    readonly id: string;
    readonly count: number;
    readonly message: string;
    readonly jobs: string;
  }[];
}

async function failuresOf(api: TestApi, query = '', key?: string): Promise<Failures> {
  const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
  const response = await api.fetch(`/api/failures${query}`, { headers });
  expect(response.status).toBe(200);
  return (await response.json()) as Failures;
}

describe('failures', () => {
  const stage = useStage();
  const { api } = stage;

  test('are grouped by what is alike, and each group leads to its jobs', async () => {
    const alike = [
      await failJob(api, { type: 'email', message: 'mailbox 17 is full' }),
      await failJob(api, { type: 'email', message: 'mailbox 4711 is full' }),
    ];
    await failJob(api, { type: 'webhook', message: 'mailbox 17 is full' });
    await projectAll(api.log, stage.databaseUrl);
    const { total, items } = await failuresOf(api, '?window=1h');
    expect(total).toBe(3);
    expect(items[0]).toMatchObject({
      id: expect.stringMatching(/^email-smtperror-e452-mailbox-is-full-[0-9a-f]{16}$/),
      type: 'email',
      name: 'SmtpError',
      code: 'E452',
      message: 'mailbox <n> is full',
      count: 2,
    });
    const listed = (await (await api.fetch(items[0]?.jobs ?? '')).json()) as { items: { id: string }[] };
    expect(listed.items.map(({ id }) => id)).toEqual(alike.toReversed());
    expect(await failuresOf(api, '?type=webhook,sms&limit=1')).toMatchObject({
      total: 1,
      items: [{ type: 'webhook' }],
    });
    await api.post(`/api/jobs/${alike[0]}/retry`);
    await projectAll(api.log, stage.databaseUrl);
    expect((await failuresOf(api, '?type=email')).items).toMatchObject([{ count: 1, lastJob: alike[1] }]);
  });

  test('are listed as well when they failed by a clock that is ahead', async () => {
    const at = new Date(Date.now() + 60_000).toISOString();
    await failJob(api, { type: 'ahead', message: 'mailbox full', tags: ['early'], at });
    await projectAll(api.log, stage.databaseUrl);
    const { items } = await failuresOf(api, '?type=ahead');
    expect(items).toMatchObject([{ count: 1 }]);
    const shared = await api.fetch(`/api/failures/shared?failure=${items[0]?.id}`);
    expect(await shared.json()).toMatchObject({ jobs: 1 });
  });

  test.each([
    ['window=1w', 'window'],
    ['window=0h', 'window'],
    ['type=E', 'type'],
    ['limit=0', 'limit'],
    ['status=failed', 'status'],
  ])('with ?%s are refused, and the parameter is named', async (query, parameter) => {
    const response = await api.fetch(`/api/failures?${query}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ errors: [{ parameter }] });
  });

  test('are compared with the other jobs of their type: what they share is named with counts', async () => {
    const type = 'deployed';
    for (const [workerVersion, customer] of [
      ['2.4.0', 'globex'],
      ['2.4.0', 'acme'],
    ] as const) {
      await failJob(api, { type, message: 'no such field', workerVersion, tags: [`customer:${customer}`, 'nightly'] });
    }
    await failJob(api, { type, message: 'another', workerVersion: '2.3.0', tags: ['nightly'] });
    await projectAll(api.log, stage.databaseUrl);
    const group = (await failuresOf(api, `?type=${type}`)).items.find(({ count }) => count === 2);
    const response = await api.fetch(`/api/failures/shared?failure=${group?.id}&window=1h`);
    expect([response.status, await response.json()]).toEqual([
      200,
      {
        failure: group?.id,
        from: expect.any(String),
        to: expect.any(String),
        jobs: 2,
        others: 1,
        traits: [
          { kind: 'workerVersion', value: '2.4.0', count: 2, elsewhere: 0 },
          { kind: 'tag', value: 'customer:acme', count: 1, elsewhere: 0 },
          { kind: 'tag', value: 'customer:globex', count: 1, elsewhere: 0 },
        ],
      },
    ]);
    const digest = group?.id.slice(-16);
    const byDigest = await api.fetch(`/api/failures/shared?failure=${digest}&window=1h`);
    expect(await byDigest.json()).toMatchObject({ failure: digest, jobs: 2, others: 1 });
  });

  test.each([
    ['', 'failure'],
    ['failure=E', 'failure'],
    ['failure=email-0', 'failure'],
    ['failure=0000000000000000&window=1w', 'window'],
    ['failure=0000000000000000&type=email', 'type'],
  ])('are compared for a group alone: ?%s is refused, and the parameter is named', async (query, parameter) => {
    const response = await api.fetch(`/api/failures/shared?${query}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ errors: [{ parameter }] });
  });

  test('of the longest window are answered', async () => {
    expect(await failuresOf(api, '?window=9999d')).toMatchObject({ resolution: 'day' });
  });
});

describe('with keys', () => {
  const stage = useStage({ auth: { open: false }, log: { masterKeys: [{ id: 'test', secret: randomBytes(32) }] } });
  const { api } = stage;

  test('a tenant sees the failures of its own jobs, and a key without the scope none', async () => {
    const keyOf = async (tenant: string, scope: 'jobs:read' | 'jobs:write') =>
      (await api.keys.create({ name: tenant, scopes: [scope], tenant, expiresAt: null })).text;
    const writer = await keyOf('acme', 'jobs:write');
    const [acme, globex] = [await keyOf('acme', 'jobs:read'), await keyOf('globex', 'jobs:read')];
    await failJob(api, { type: 'email', message: 'mailbox 1 is full', key: writer });
    await failJob(api, { type: 'email', message: 'another message', key: writer });
    await projectAll(api.log, stage.databaseUrl);
    // The messages are encrypted, so these are one group, with the message of the last.
    expect((await failuresOf(api, '', acme)).items).toMatchObject([
      { count: 2, message: 'another message', id: expect.stringMatching(/^email-smtperror-e452-[0-9a-f]{16}$/) },
    ]);
    expect(await failuresOf(api, '', globex)).toMatchObject({ total: 0, items: [] });
    const [group] = (await failuresOf(api, '', acme)).items;
    const jobsOf = async (key: string) => {
      const headers = { authorization: `Bearer ${key}` };
      const response = await api.fetch(`/api/failures/shared?failure=${group?.id}`, { headers });
      return ((await response.json()) as { jobs: number }).jobs;
    };
    expect([await jobsOf(acme), await jobsOf(globex)]).toEqual([2, 0]);
    const refused = await api.fetch('/api/failures', { headers: { authorization: `Bearer ${writer}` } });
    expect(refused.status).toBe(403);
  });
});
