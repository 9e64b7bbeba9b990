import { randomUUID } from 'node:crypto';
import type { JobEvent } from '@jobstream/domain';
import { describe, expect, test } from 'vitest';
import { useStage } from '../../testing/apiStage.ts';
import { operationsOf, readOpenApi } from '../../testing/contract/openApi.ts';
import { projectAll } from '../../testing/projectAll.ts';
import { tenantCaller, type Call } from '../../testing/tenantCaller.ts';

const stage = useStage({ auth: { open: false } });
const { api } = stage;
const acme = tenantCaller(api, 'acme');
const globex = tenantCaller(api, 'globex');
const operator = tenantCaller(api, null);

const project = () => projectAll(api.log, stage.databaseUrl);
const json = async <Body>(response: Promise<Response>) => (await (await response).json()) as Body;
const statusOf = async (response: Promise<Response>) => {
  const { status, body } = await response;
  await body?.cancel();
  return status;
};

const statusInLog = async (id: string) => (await api.log.readJob(id))?.job.status;

async function newJob(call: Call, body: object = {}, headers: Record<string, string> = {}): Promise<string> {
  const response = await call('POST /api/jobs', { type: 'email', ...body }, headers);
  expect([200, 201]).toContain(response.status);
  return ((await response.json()) as { id: string }).id;
}

const idsOf = async (call: Call, query: string) =>
  (await json<{ items: { id: string }[] }>(call(`GET /api/jobs?${query}`))).items.map(({ id }) => id);

async function eventsUntil(call: Call, id: string, after: number): Promise<{ jobId: string; tenant?: string }[]> {
  const response = await call(`GET /api/events?after=${after}`);
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString();
    if (text.includes(id)) break;
  }
  return [...text.matchAll(/^data: (.*)$/gm)].map(([, data = '']) => JSON.parse(data) as { jobId: string });
}

const schedule = (name: string) => ({ name, cron: '0 3 * * *', job: { type: 'email', payload: 'ours' } });
const names = async (call: Call) =>
  (await json<{ items: { name: string }[] }>(call('GET /api/schedules?limit=200'))).items.map(({ name }) => name);

const newSchedule = async (call: Call) => {
  const name = `s-${randomUUID()}`;
  expect(await statusOf(call('POST /api/schedules', schedule(name)))).toBe(201);
  return name;
};

const JOB = '/api/jobs/{id}';
const SCHEDULE = '/api/schedules/{name}';
const operations = operationsOf(readOpenApi());

/** Every operation below a path, as the rest of its path; with more ways to ask some of them. */
function below(
  path: string,
  more: readonly (readonly [string, string])[] = [],
): readonly (readonly [string, string])[] {
  const found = operations.filter((one) => one.path.startsWith(path));
  return [...found.map((one) => [one.method, one.path.slice(path.length)] as const), ...more];
}

test('everything that names a job or a schedule in its path is looked at here', () => {
  const named = operations.filter(({ path }) => /^\/api\/(jobs|schedules)\/\{/.test(path));
  expect(below(JOB).length + below(SCHEDULE).length).toBe(named.length);
  expect(below(JOB).length).toBeGreaterThanOrEqual(4);
});

describe.each([
  ['before the table has it', () => Promise.resolve()],
  ['from the table', project],
])('a job of a tenant, %s,', (_where, prepare) => {
  const ways = [
    ['GET', '?asOf=2100-01-01T00:00:00Z'],
    ['GET', '?asOf=999999999'],
    ['GET', '?wait=1s'],
    ['GET', '?minVersion=1'],
  ] as const;

  test.each(below(JOB, ways))('is not there for another: %s %s', async (method, path) => {
    const id = await newJob(acme);
    await prepare();
    const theirs = await globex(`${method} /api/jobs/${id}${path}`);
    const nobodys = await globex(`${method} /api/jobs/${randomUUID()}${path}`);
    expect([theirs.status, nobodys.status]).toEqual([404, 404]);
    const [{ requestId: _a, instance: _b, ...seen }, { requestId: _c, instance: _d, ...expected }] = (await Promise.all(
      [theirs.json(), nobodys.json()],
    )) as [Record<string, unknown>, Record<string, unknown>];
    expect(seen).toEqual(expected);
    expect((await api.log.readHistory(id)).map(({ event }) => event.event)).toEqual(['JobCreated']);
  });

  test.each([
    ['its tenant', () => acme],
    ['a caller without a tenant', () => operator],
  ])('is there for %s, with its events and all that can be done', async (_whom, who) => {
    const call = who();
    const id = await newJob(acme);
    await prepare();
    expect(await json(call(`GET /api/jobs/${id}`))).toMatchObject({ id, tenant: 'acme' });
    expect(await statusOf(call(`POST /api/jobs/${id}/cancel`))).toBe(200);
    expect(await statusOf(call(`POST /api/jobs/${id}/retry`))).toBe(200);
    const { items } = await json<{ items: { tenant?: string }[] }>(call(`GET /api/jobs/${id}/events`));
    expect(items.map(({ tenant }) => tenant)).toEqual(['acme', 'acme', 'acme']);
  });
});

test('a job without a tenant is not there for a caller with one', async () => {
  const id = await newJob(operator);
  expect(await statusOf(acme(`GET /api/jobs/${id}`))).toBe(404);
  expect(await json(operator(`GET /api/jobs/${id}`))).not.toHaveProperty('tenant');
});

test('a list has the jobs of the caller’s tenant alone, page by page; without a tenant it has all', async () => {
  const tag = randomUUID();
  const ours = [await newJob(acme, { tags: [tag] }), await newJob(acme, { tags: [tag] })];
  const others = [await newJob(globex, { tags: [tag] }), await newJob(operator, { tags: [tag] })];
  await project();
  expect((await idsOf(acme, `tag=${tag}`)).toSorted()).toEqual(ours.toSorted());
  expect((await idsOf(operator, `tag=${tag}`)).toSorted()).toEqual([...ours, ...others].toSorted());
  const first = await json<{ items: object[]; nextCursor: string }>(acme(`GET /api/jobs?tag=${tag}&limit=1`));
  expect(await idsOf(acme, `tag=${tag}&limit=1&cursor=${first.nextCursor}`)).toHaveLength(1);
  expect(await idsOf(globex, `tag=${tag}&cursor=${first.nextCursor}`)).not.toContain(ours[0]);
  expect(await statusOf(acme('GET /api/jobs?tenant=globex'))).toBe(400);
});

describe('a bulk change', () => {
  test('counts and changes the jobs of the caller’s tenant alone', async () => {
    const tag = randomUUID();
    const ids = await Promise.all([acme, globex, operator].map((call) => newJob(call, { tags: [tag] })));
    await project();
    expect(await json(acme('POST /api/jobs/cancel', { tag, dryRun: true }))).toMatchObject({ matched: 1 });
    expect(await json(acme('POST /api/jobs/cancel', { tag }))).toMatchObject({ matched: 1, changed: 1 });
    expect(await Promise.all(ids.map(statusInLog))).toEqual(['cancelled', 'pending', 'pending']);
    expect(await json(operator('POST /api/jobs/cancel', { tag }))).toMatchObject({ changed: 2 });
  });

  test('of everything is of everything of the tenant', async () => {
    const theirs = await newJob(globex);
    await newJob(acme);
    await project();
    expect(await json(acme('POST /api/jobs/cancel', { all: true }))).toMatchObject({ failed: 0 });
    expect(await statusInLog(theirs)).toBe('pending');
  });
});

describe('an idempotency key', () => {
  test('is a tenant’s own: the same key and body of others make other jobs', async () => {
    const key = { 'idempotency-key': randomUUID() };
    const ids = [await newJob(acme, {}, key), await newJob(globex, {}, key), await newJob(operator, {}, key)];
    expect(new Set(ids).size).toBe(3);
    expect([await newJob(acme, {}, key), await newJob(globex, {}, key), await newJob(operator, {}, key)]).toEqual(ids);
  });

  test('that others have used with another body is no conflict, and tells nothing', async () => {
    const key = { 'idempotency-key': randomUUID() };
    await newJob(acme, { payload: 'ours' }, key);
    const response = await globex('POST /api/jobs', { type: 'email', payload: 'theirs' }, key);
    expect(response.status).toBe(201);
    expect(response.headers.has('idempotent-replayed')).toBe(false);
    expect(await statusOf(acme('POST /api/jobs', { type: 'email', payload: 'other' }, key))).toBe(422);
  });

  test('of a batch is a tenant’s own as well', async () => {
    const key = { 'idempotency-key': randomUUID() };
    const body = { jobs: [{ type: 'email' }, { type: 'email' }] };
    const batch = (call: Call) => json<{ jobs: { id: string }[] }>(call('POST /api/jobs/batch', body, key));
    const [ours, theirs] = [await batch(acme), await batch(globex)];
    expect(await batch(acme)).toEqual(ours);
    expect(theirs.jobs.map(({ id }) => id)).not.toEqual(ours.jobs.map(({ id }) => id));
    expect((await api.log.readJob(ours.jobs[1]?.id ?? ''))?.job.tenant).toBe('acme');
  });
});

async function importOne(call: Call, job: object): Promise<{ id?: string; replayed?: true }> {
  const response = await call('POST /api/jobs/import', JSON.stringify(job), {
    'content-type': 'application/x-ndjson',
  });
  const [outcome = ''] = (await response.text()).split('\n');
  return JSON.parse(outcome) as { id?: string; replayed?: true };
}

test('an import makes jobs of the caller’s tenant, and its keys are the tenant’s own', async () => {
  const job = { type: 'email', idempotencyKey: randomUUID() };
  const [ours, theirs] = [await importOne(acme, job), await importOne(globex, job)];
  expect((await api.log.readJob(ours.id ?? ''))?.job.tenant).toBe('acme');
  expect((await api.log.readJob(theirs.id ?? ''))?.job.tenant).toBe('globex');
  expect(await importOne(acme, job)).toMatchObject({ id: ours.id, replayed: true });
});

describe('a feed', () => {
  test('of one job is not there for another tenant', async () => {
    const id = await newJob(acme);
    const asStream = { accept: 'text/event-stream' };
    expect(await statusOf(globex(`GET /api/jobs/${id}/events`, undefined, asStream))).toBe(404);
    expect(await statusOf(acme(`GET /api/jobs/${id}/events`, undefined, asStream))).toBe(200);
  });

  test('has the events of the caller’s tenant alone, from the log and live; without a tenant it has all', async () => {
    const after = await api.log.lastSequence();
    const [ours, theirs, nobodys] = [await newJob(acme), await newJob(globex), await newJob(operator)];
    await acme(`POST /api/jobs/${ours}/cancel`);
    const last = await newJob(acme);
    const last2 = await newJob(globex);
    const seen = async (call: Call, until: string) =>
      [...new Set((await eventsUntil(call, until, after)).map(({ jobId }) => jobId))].toSorted();
    // One after the other: what is made for one feed must not be sent to another.
    expect(await seen(operator, last2)).toEqual([ours, theirs, nobodys, last, last2].toSorted());
    expect(await seen(acme, last)).toEqual([ours, last].toSorted());
    expect(await seen(globex, last2)).toEqual([theirs, last2].toSorted());
  });
});

test('a rerun is of the tenant of the job, also when a caller without one asks for it', async () => {
  const id = await newJob(acme, { delayMs: 60_000 });
  await statusOf(acme(`POST /api/jobs/${id}/cancel`));
  const rerun = await json<{ id: string }>(operator(`POST /api/jobs/${id}/rerun`));
  expect(await json(acme(`GET /api/jobs/${rerun.id}`))).toMatchObject({ tenant: 'acme', rerunOf: id });
  expect(await statusOf(globex(`GET /api/jobs/${rerun.id}`))).toBe(404);
});

describe('a schedule of a tenant', () => {
  test.each(below(SCHEDULE))('is not there for another: %s %s', async (method, path) => {
    const name = await newSchedule(acme);
    const body = method === 'PUT' ? schedule(name) : undefined;
    const [theirs, nobodys] = [name, `s-${randomUUID()}`].map((one) => {
      return globex(`${method} /api/schedules/${one}${path}`, body && { ...body, name: one });
    });
    expect([(await theirs)?.status, (await nobodys)?.status]).toEqual([404, 404]);
    expect(await json(acme(`GET /api/schedules/${name}`))).toMatchObject({ tenant: 'acme', version: 1 });
  });

  test('is there for its tenant and for callers without one, who do not take it away', async () => {
    const name = await newSchedule(acme);
    const changed = { ...schedule(name), cron: '0 4 * * *' };
    expect(await json(operator(`PUT /api/schedules/${name}`, changed))).toMatchObject({ tenant: 'acme' });
    expect(await statusOf(acme(`GET /api/schedules/${name}/events`))).toBe(200);
    expect(await statusOf(acme(`DELETE /api/schedules/${name}`))).toBe(204);
  });

  test('creates jobs of its tenant, also when a caller without one runs it now', async () => {
    const name = await newSchedule(acme);
    const { id } = await json<{ id: string }>(operator(`POST /api/schedules/${name}/run`));
    expect(await json(acme(`GET /api/jobs/${id}`))).toMatchObject({ tenant: 'acme', payload: 'ours' });
    expect(await statusOf(globex(`GET /api/jobs/${id}`))).toBe(404);
  });

  test('is listed for its tenant and for callers without one', async () => {
    const [ours, theirs] = [await newSchedule(acme), await newSchedule(globex)];
    expect(await names(acme)).toEqual(expect.arrayContaining([ours]));
    expect(await names(acme)).not.toContain(theirs);
    expect(await names(operator)).toEqual(expect.arrayContaining([ours, theirs]));
  });

  test('keeps its name and its history for its tenant when it is deleted', async () => {
    const name = await newSchedule(acme);
    await statusOf(acme(`DELETE /api/schedules/${name}`));
    expect(await statusOf(globex('POST /api/schedules', schedule(name)))).toBe(409);
    expect(await statusOf(globex(`GET /api/schedules/${name}/events`))).toBe(404);
    expect(await statusOf(acme(`GET /api/schedules/${name}/events`))).toBe(200);
    expect(await statusOf(acme('POST /api/schedules', schedule(name)))).toBe(201);
  });

  test('leaves its name to its tenant, too, when the log has forgotten all but its end', async () => {
    const common = { v: 1, id: randomUUID(), schedule: `s-${randomUUID()}`, tenant: 'acme' } as const;
    const actor = { kind: 'user', id: 'test' } as const;
    const end = {
      ...common,
      actor,
      version: 2,
      at: new Date().toISOString(),
      event: 'ScheduleDeleted',
      data: {},
    } as const;
    await api.log.schedules.append(end, 0);
    for (const call of [globex, operator]) {
      expect(await statusOf(call('POST /api/schedules', schedule(end.schedule)))).toBe(409);
    }
    expect(await statusOf(acme('POST /api/schedules', schedule(end.schedule)))).toBe(201);
  });
});

test('a job that only a newer release can read, and so nobody knows whose it is, is not shown to tenants', async () => {
  const id = randomUUID();
  const created = { v: 2, event: 'JobCreated', jobId: id, jobType: 'email', version: 1, data: {} };
  await api.log.append(created as unknown as JobEvent, 0);
  expect(await statusOf(operator(`GET /api/jobs/${id}`))).toBe(409);
  expect(await statusOf(acme(`GET /api/jobs/${id}`))).toBe(404);
});
