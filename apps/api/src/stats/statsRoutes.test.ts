import { eventually, queryDatabase, startNats } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { announceWorker } from '../../testing/announceWorker.ts';
import { useStage } from '../../testing/apiStage.ts';
import { followPast } from '../../testing/followPast.ts';
import { projectAll } from '../../testing/projectAll.ts';
import { startApi } from '../../testing/startApi.ts';

const stage = useStage();
const { api } = stage;

async function create(type: string, count: number, fields: object = {}): Promise<string[]> {
  const jobs = Array.from({ length: count }, () => ({ type, ...fields }));
  const response = await api.post('/api/jobs/batch', { jobs });
  return ((await response.json()) as { jobs: { id: string }[] }).jobs.map(({ id }) => id);
}

async function get(path: string): Promise<Record<string, unknown>> {
  const response = await api.fetch(path);
  expect(response.status).toBe(200);
  return (await response.json()) as Record<string, unknown>;
}

test('the statistics of an empty system are empty', async () => {
  expect(await get('/api/stats')).toEqual({
    jobs: { total: 0, byStatus: {}, byType: {} },
    backlog: {},
    projector: { lastSequence: 0, updatedAt: null, lagEvents: 0, lagMs: 0 },
    pastFrom: null,
  });
});

test('the statistics count jobs, the backlog and the lag of the table', async () => {
  const held = Promise.withResolvers<void>();
  await api.log.openQueue({ jobType: 'email', concurrency: 1, ackWaitMs: 60_000, onDelivery: () => held.promise });
  const [first] = await create('email', 3);
  await create('webhook', 2, { delayMs: 60_000 });
  await api.post(`/api/jobs/${first}/cancel`);
  await projectAll(api.log, stage.databaseUrl);
  const projected = await api.log.lastSequence();
  await create('email', 1);
  const stats = await eventually(async () => {
    const now = await get('/api/stats');
    expect(now).toMatchObject({
      projector: { lastSequence: projected, lagEvents: 1 },
      backlog: { email: { inFlight: 1 } },
    });
    return now;
  });
  expect(stats['jobs']).toEqual({
    total: 5,
    byStatus: { cancelled: 1, pending: 2, scheduled: 2 },
    byType: { email: { cancelled: 1, pending: 2 }, webhook: { scheduled: 2 } },
  });
  expect(stats).toMatchObject({
    backlog: {
      email: { waiting: 3, oldestAt: expect.any(String) as string, oldestAgeMs: expect.any(Number) as number },
    },
    projector: { updatedAt: expect.any(String) as string, lagMs: expect.any(Number) as number },
  });
  held.resolve();
});

test('the backlog has types without workers, also misspelt ones', async () => {
  await announceWorker(api, { type: 'served' });
  await api.post('/api/types/served/pause');
  await create('served', 1);
  await create('misspelt', 2);
  await projectAll(api.log, stage.databaseUrl);
  await eventually(async () => {
    expect(await get('/api/stats')).toMatchObject({
      backlog: { served: { waiting: 1, workers: 1 }, misspelt: { waiting: 2, inFlight: 0, workers: 0 } },
    });
  });
});

test('the statistics omit the backlog while the log is unavailable', async () => {
  await using own = await startNats();
  await using lonely = await startApi({ natsUrl: own.url, databaseUrl: stage.databaseUrl, log: { deadlineMs: 300 } });
  await own.kill('SIGKILL');
  const response = await lonely.fetch('/api/stats');
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ jobs: { total: 9 }, backlog: null, projector: { lagEvents: null } });
});

test('a list returns the total of all pages on request, for every filter', async () => {
  await create('counted', 7, { tags: ['red'] });
  const cancelled = await create('counted', 5);
  for (const id of cancelled) await api.post(`/api/jobs/${id}/cancel`);
  await projectAll(api.log, stage.databaseUrl);
  const total = async (query: string) => {
    const { total: count, totalExact, items } = await get(`/api/jobs?limit=1&${query}`);
    expect(items).toHaveLength(count === 0 ? 0 : 1);
    return [count, totalExact];
  };
  expect(await total('count=true&type=counted')).toEqual([12, true]);
  expect(await total('count=true&type=counted&status=pending')).toEqual([7, true]);
  expect(await total('count=true&type=counted&tag=red')).toEqual([7, true]);
  expect(await total('count=true&type=counted&createdAfter=2020-01-01T00:00:00Z')).toEqual([12, true]);
  expect(await total('count=true&type=counted&createdBefore=2020-01-01T00:00:00Z')).toEqual([0, true]);
  expect(await total('count=true&type=nothing')).toEqual([0, true]);
  expect(await total('count=false&type=counted')).toEqual([undefined, undefined]);
  const next = /<(.*)>/.exec(
    (await api.fetch('/api/jobs?limit=1&count=true&type=counted')).headers.get('link') ?? '',
  )?.[1];
  expect(await get(next ?? '')).toMatchObject({ total: 12 });
  expect((await api.fetch('/api/jobs?count=yes')).status).toBe(400);
});

test('a count that would take long ends at 10,000 and says so', async () => {
  for (let batch = 0; batch < 11; batch++) await create('many', 1_000, { tags: ['blue'] });
  await projectAll(api.log, stage.databaseUrl);
  expect(await get('/api/jobs?limit=1&count=true&tag=blue')).toMatchObject({ total: 10_000, totalExact: false });
  expect(await get('/api/jobs?limit=1&count=true&type=many')).toMatchObject({ total: 11_000, totalExact: true });
});

test('pages have each initial job once while others arrive', async () => {
  const beginning = new Set<string>();
  for (let batch = 0; batch < 4; batch++) for (const id of await create('paged', 1_000)) beginning.add(id);
  await projectAll(api.log, stage.databaseUrl);
  const listed: string[] = [];
  let path = '/api/jobs?type=paged&limit=200';
  while (path !== '') {
    const response = await api.fetch(path);
    const { items } = (await response.json()) as { items: { id: string }[] };
    listed.push(...items.map(({ id }) => id));
    path = /<(.*)>/.exec(response.headers.get('link') ?? '')?.[1] ?? '';
    await create('paged', 100);
    await projectAll(api.log, stage.databaseUrl);
  }
  expect(new Set(listed).size).toBe(listed.length);
  expect(listed.filter((id) => beginning.has(id))).toHaveLength(4_000);
});

test('the activity of a time span is returned on request', async () => {
  await create('report', 2);
  await projectAll(api.log, stage.databaseUrl);
  const { activity } = await get('/api/stats?window=15m');
  expect(activity).toMatchObject({ resolution: 'minute', total: { failed: 0 } });
  expect(activity).toMatchObject({ byType: { report: { created: 2, failed: 0 } } });
  const hourAgo = new Date(Date.now() - 3_600_000).toISOString();
  expect((await get(`/api/stats?from=${hourAgo}`))['activity']).toMatchObject({ byType: { report: { created: 2 } } });
  expect((await get(`/api/stats?window=30d`))['activity']).toMatchObject({
    resolution: 'day',
    byType: { report: { created: 2 } },
  });
  expect((await get(`/api/stats?from=${hourAgo}&to=${hourAgo.slice(0, 17)}59.999Z`))['activity']).toMatchObject({
    total: { created: 0 },
    series: [],
  });
});

test('the activity says before which time a migration left it incomplete', async () => {
  const gap = new Date(Date.now() - 10 * 60_000);
  await queryDatabase(stage.databaseUrl, `INSERT INTO job_statistics_gaps VALUES ('test', '${gap.toISOString()}')`);
  const { activity, ...others } = await get('/api/stats?window=15m');
  expect(Date.parse((activity as { incompleteBefore: string }).incompleteBefore)).toBe(gap.getTime());
  expect(others).not.toHaveProperty('incompleteBefore');
  expect((await get('/api/stats?window=5m'))['activity']).not.toHaveProperty('incompleteBefore');
  await queryDatabase(stage.databaseUrl, 'DELETE FROM job_statistics_gaps');
  expect((await get('/api/stats?window=15m'))['activity']).not.toHaveProperty('incompleteBefore');
});

test('a type named like an inherited property is counted like any other', async () => {
  await create('constructor', 2);
  await projectAll(api.log, stage.databaseUrl);
  expect((await get('/api/stats'))['jobs']).toMatchObject({ byType: { constructor: { pending: 2 } } });
});

test('a span of time may reach to the end of the last year', async () => {
  const { activity } = await get('/api/stats?from=9999-12-30T00:00:00Z&to=9999-12-31T23:59:59.500Z');
  expect(activity).toMatchObject({ to: '9999-12-31T23:59:59.999Z', total: { created: 0 } });
});

test.each([
  '?window=0h',
  '?window=1h&from=2026-01-01T00:00:00Z',
  '?to=2026-01-01T00:00:00Z',
  '?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z',
  '?window=1h&window=2h',
  '?since=1h',
])('a span of time that makes no sense is refused: %s', async (query) => {
  expect((await api.fetch(`/api/stats${query}`)).status).toBe(400);
});

test('the statistics of a type are of its jobs alone, also those of a past moment', async () => {
  await create('alone', 2);
  await create('beside', 3);
  const [cancelled] = await create('alone', 1);
  await api.post(`/api/jobs/${cancelled}/cancel`);
  await projectAll(api.log, stage.databaseUrl);
  const stats = await get('/api/stats?window=15m&type=alone');
  expect(stats).toMatchObject({
    jobs: { total: 3, byStatus: { pending: 2, cancelled: 1 }, byType: { alone: { pending: 2, cancelled: 1 } } },
    activity: { total: { created: 3 }, byType: { alone: { created: 3 } } },
    backlog: { alone: { waiting: 2 } },
    projector: { lagEvents: 0 },
  });
  const { jobs, activity, backlog } = stats as Record<string, { byType?: object; series?: { created: number }[] }>;
  expect([jobs?.byType, activity?.byType, backlog].map((types) => Object.keys(types ?? {}))).toEqual([
    ['alone'],
    ['alone'],
    ['alone'],
  ]);
  expect(activity?.series?.reduce((sum, { created }) => sum + created, 0)).toBe(3);
  await followPast(api.log, stage.databaseUrl);
  const past = `/api/stats?asOf=${await api.log.lastSequence()}`;
  expect((await get(`${past}&type=alone`))['jobs']).toEqual(jobs);
  expect((await get(past))['jobs']).toMatchObject({ byType: { beside: { pending: 3 } } });
  expect((await api.fetch('/api/stats?type=No%20type')).status).toBe(400);
});
