import { randomUUID } from 'node:crypto';
import { migrate, type Scope } from '@jobstream/readmodel';
import { createMigratedDatabase, eventually, startNats, startPostgres } from '@jobstream/test-support';
import { describe, expect, test } from 'vitest';
import { useStage } from '../../testing/apiStage.ts';
import { declaredRoutes } from '../../testing/declaredRoutes.ts';
import { startApi, type TestApi } from '../../testing/startApi.ts';

interface AuditRecord {
  readonly at: string;
  readonly actor: { readonly kind: string; readonly id: string };
  readonly action: string;
  readonly subject: { readonly kind: string; readonly id?: string };
  readonly outcome: string;
}

const stage = useStage({ auth: { open: false } });
const { api } = stage;

async function newKey(scopes: readonly Scope[], tenant: string | null = null) {
  const { key, text } = await api.keys.create({ name: 'test', scopes: [...scopes], tenant, expiresAt: null });
  return { id: key.id, headers: { authorization: `Bearer ${text}` } };
}

type Key = Awaited<ReturnType<typeof newKey>>;

/** Sends a request such as `POST /api/jobs`. */
function send(key: Key, call: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const [method = '', path = ''] = call.split(' ');
  const json = body === undefined ? {} : { 'content-type': 'application/json' };
  const init = body === undefined ? {} : { body: JSON.stringify(body) };
  return api.fetch(path, { method, headers: { ...key.headers, ...json, ...headers }, ...init });
}

async function list(key: Key, query: string): Promise<readonly AuditRecord[]> {
  const response = await send(key, `GET /api/audit${query}`);
  expect(response.status).toBe(200);
  return ((await response.json()) as { items: AuditRecord[] }).items;
}

/** The records of an actor, newest first, once all of them have their outcomes. */
async function recordsOf({ id }: Key, count: number): Promise<readonly AuditRecord[]> {
  const admin = await newKey(['admin']);
  await eventually(async () => {
    const records = await list(admin, `?actor=${id}`);
    expect(records.filter(({ outcome, action }) => outcome !== 'unknown' || action === 'key.revoke')).toHaveLength(
      count,
    );
  });
  return list(admin, `?actor=${id}`);
}

async function jobOf(key: Key): Promise<string> {
  const response = await send(key, 'POST /api/jobs', { type: 'email' });
  return ((await response.json()) as { id: string }).id;
}

describe('the audit log', () => {
  test('tells who changed which job and why, with the id of the request', async () => {
    const key = await newKey(['jobs:write']);
    const id = await jobOf(key);
    const before = Date.now();
    await send(key, `POST /api/jobs/${id}/cancel`, { reason: 'withdrawn' }, { 'x-request-id': 'request-17' });
    const [record, ...others] = await recordsOf(key, 1);
    expect(others).toEqual([]);
    expect(record).toEqual({
      id: expect.any(String),
      at: expect.any(String),
      actor: { kind: 'api', id: key.id },
      action: 'job.cancel',
      subject: { kind: 'job', id },
      reason: 'withdrawn',
      requestId: 'request-17',
      outcome: 'succeeded',
    });
    expect(Math.abs(Date.parse(record?.at ?? '') - before)).toBeLessThan(60_000);
  });

  test('tells of keys, types, schedules and operations, and of no secret', async () => {
    const key = await newKey(['admin']);
    const made = await send(key, 'POST /api/keys', { name: 'billing', scopes: ['jobs:read'] });
    const secret = (await made.json()) as { id: string; key: string };
    await send(key, `DELETE /api/keys/${secret.id}`);
    const type = `type-${randomUUID()}`;
    await send(key, `POST /api/types/${type}/pause`, {});
    await send(key, `PATCH /api/types/${type}`, { payloadCheck: 'warn' });
    const name = `nightly-${randomUUID()}`;
    await send(key, 'POST /api/schedules', { name, cron: '0 3 * * *', job: { type, payload: 'hidden' } });
    const template = { cron: '0 4 * * *', job: { type } };
    await send(key, `PUT /api/schedules/${name}`, template);
    await send(key, `PATCH /api/schedules/${name}`, { cron: '0 5 * * *' });
    await send(key, `POST /api/schedules/${name}/run`, {});
    await send(key, `DELETE /api/schedules/${name}`);
    const body = { filter: { type }, patch: { hidden: 1 }, reason: 'again' };
    const operation = (await (await send(key, 'POST /api/jobs/replay', body)).json()) as { id: string };
    const records = await recordsOf(key, 10);
    const told = records.map(({ action, subject }) => [action, subject.id]);
    expect(told.toReversed()).toEqual([
      ['key.create', secret.id],
      ['key.revoke', secret.id],
      ['type.pause', type],
      ['type.change', type],
      ['schedule.create', name],
      ['schedule.replace', name],
      ['schedule.change', name],
      ['schedule.run', name],
      ['schedule.delete', name],
      ['operation.create', operation.id],
    ]);
    expect(records[6]).toMatchObject({ details: { payloadCheck: 'warn' } });
    expect(records[0]).toMatchObject({ reason: 'again', details: { filter: { type }, patched: true } });
    expect(JSON.stringify(records)).not.toContain(secret.key);
    expect(JSON.stringify(records)).not.toContain('hidden');
  });

  test('keeps of a large request how large it was', async () => {
    const key = await newKey(['admin']);
    await send(key, 'POST /api/operations', { kind: 'cancel', filter: { nothing: 'x'.repeat(10_000) } });
    const [record] = await recordsOf(key, 1);
    const details = { tooLarge: expect.any(Number) as number };
    expect(record).toMatchObject({ action: 'operation.create', outcome: 'refused', details });
    expect(JSON.stringify(record)).not.toContain('xxx');
  });

  test('tells of what was refused', async () => {
    const key = await newKey(['jobs:write']);
    const id = await jobOf(key);
    expect((await send(key, `POST /api/jobs/${id}/retry`)).status).toBe(409);
    expect((await recordsOf(key, 1))[0]).toMatchObject({ outcome: 'refused', problem: 'illegal-transition' });
  });

  test('tells of no dry run, but of a request that is refused for what it takes for one', async () => {
    const key = await newKey(['jobs:write']);
    const body = { filter: { type: 'email' }, dryRun: true };
    const counts = [
      await send(key, 'POST /api/operations', { kind: 'cancel', ...body }),
      await send(key, 'POST /api/jobs/replay', body),
      await send(key, 'POST /api/jobs/cancel', { type: 'email', dryRun: true }),
      await send(key, 'POST /api/jobs/retry', { type: 'email', dryRun: true }),
    ];
    expect(counts.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    await send(key, 'POST /api/jobs/replay', { ...body, dryRun: 'true' });
    const id = await jobOf(key);
    await send(key, `POST /api/jobs/${id}/cancel`, { dryRun: true });
    const told = (await recordsOf(key, 2)).map(({ action, outcome }) => [action, outcome]);
    expect(told.toReversed()).toEqual([
      ['operation.create', 'refused'],
      ['job.cancel', 'refused'],
    ]);
  });

  test('is for administrators, and shows those of a tenant what the tenant did', async () => {
    const [acme, globex] = [await newKey(['admin'], 'acme'), await newKey(['admin'], 'globex')];
    await send(acme, `POST /api/jobs/${await jobOf(acme)}/cancel`);
    await send(globex, `POST /api/jobs/${await jobOf(globex)}/cancel`);
    await recordsOf(acme, 1);
    await recordsOf(globex, 1);
    expect((await list(acme, '')).map(({ actor }) => actor.id)).toEqual([acme.id]);
    expect(await list(acme, `?actor=${globex.id}`)).toEqual([]);
    expect((await send(await newKey(['jobs:read', 'jobs:write']), 'GET /api/audit')).status).toBe(403);
  });

  test('is filtered by subject, action, outcome and time, page by page', async () => {
    const key = await newKey(['admin']);
    const type = `type-${randomUUID()}`;
    for (const verb of ['pause', 'resume', 'pause']) await send(key, `POST /api/types/${type}/${verb}`);
    const [last, second, first] = await recordsOf(key, 3);
    const ofType = `subjectKind=type&subjectId=${type}`;
    expect(await list(key, `?${ofType}`)).toEqual([last, second, first]);
    expect(await list(key, `?${ofType}&action=type.resume`)).toEqual([second]);
    expect(await list(key, `?${ofType}&outcome=refused`)).toEqual([]);
    expect(await list(key, `?${ofType}&from=${last?.at}`)).toContainEqual(last);
    expect(await list(key, `?${ofType}&to=${first?.at}`)).toEqual([]);
    const page = await send(key, `GET /api/audit?${ofType}&limit=2`);
    const next = /<(.*)>/.exec(page.headers.get('link') ?? '')?.[1] ?? '';
    expect(await list(key, next.slice('/api/audit'.length))).toEqual([first]);
    expect((await send(key, 'GET /api/audit?cursor=nonsense')).status).toBe(400);
  });
});

test('every route that changes something is in the audit log, but for the creation of jobs', () => {
  const changes = declaredRoutes(api.app).filter(({ method }) => method !== 'GET');
  const silent = changes.filter(({ audited }) => !audited).map(({ method, path }) => `${method} ${path}`);
  expect(silent.toSorted()).toEqual(['POST /api/jobs', 'POST /api/jobs/batch']);
});

describe('while Postgres is unavailable', () => {
  test('a job can be cancelled, and the record follows', async () => {
    await using nats = await startNats();
    await using postgres = await startPostgres();
    await migrate(postgres.url);
    await using own = await startApi({ natsUrl: nats.url, databaseUrl: postgres.url });
    const created = await own.post('/api/jobs', { type: 'email' });
    const { id } = (await created.json()) as { id: string };
    await postgres.kill();
    expect((await own.post(`/api/jobs/${id}/cancel`)).status).toBe(200);
    await postgres.restart();
    await eventually(async () =>
      expect(await openRecords(own)).toMatchObject([{ subject: { id }, outcome: 'succeeded' }]),
    );
  });

  test('what no event tells of is not done', async () => {
    await using nats = await startNats();
    await using postgres = await startPostgres();
    await migrate(postgres.url);
    await using own = await startApi({ natsUrl: nats.url, databaseUrl: postgres.url });
    await postgres.kill();
    expect((await own.post('/api/types/email/pause')).status).toBe(503);
    expect(await own.log.jobTypes.list()).toEqual([]);
  });
});

test('a change whose outcome is not known, since the log did not answer, is not recorded as refused', async () => {
  await using nats = await startNats();
  const databaseUrl = await createMigratedDatabase(migrate);
  await using own = await startApi({ natsUrl: nats.url, databaseUrl });
  const { id } = (await (await own.post('/api/jobs', { type: 'email' })).json()) as { id: string };
  await nats.kill('SIGKILL');
  expect((await own.post(`/api/jobs/${id}/cancel`)).status).toBe(503);
  const record = { subject: { id }, outcome: 'unknown', problem: 'log-unavailable' };
  await eventually(async () => expect(await openRecords(own)).toMatchObject([record]));
  await nats.restart();
});

async function openRecords(own: TestApi): Promise<unknown> {
  const { items } = (await (await own.fetch('/api/audit')).json()) as { items?: unknown };
  return items;
}

test('records that are older than their retention are removed', async () => {
  await using nats = await startNats();
  const databaseUrl = await createMigratedDatabase(migrate);
  {
    await using writer = await startApi({ natsUrl: nats.url, databaseUrl });
    await writer.post('/api/types/email/pause');
    await eventually(async () => expect(await openRecords(writer)).toHaveLength(1));
  }
  await using cleaner = await startApi({ natsUrl: nats.url, databaseUrl, audit: { retentionMs: 1 } });
  await eventually(async () => expect(await openRecords(cleaner)).toEqual([]));
});
