import { randomUUID } from 'node:crypto';
import type { ScheduleEvent } from '@jobstream/domain';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { announceWorker } from '../../testing/announceWorker.ts';
import { useStage } from '../../testing/apiStage.ts';

const { api } = useStage();
let name: string;
let names = 0;

beforeAll(async () => {
  await announceWorker(api, { type: 'email' });
});

beforeEach(() => {
  name = `schedule-${++names}`;
});

interface ScheduleJson {
  readonly name: string;
  readonly cron: string;
  readonly version: number;
  readonly nextTicks: readonly string[];
  readonly [field: string]: unknown;
}

const yearly = { cron: '0 0 1 1 *', job: { type: 'email' } };

function send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const init = body === undefined ? {} : { body: JSON.stringify(body) };
  return api.fetch(path, { method, headers: { 'content-type': 'application/json', ...headers }, ...init });
}

const create = (fields: object = {}) => send('POST', '/api/schedules', { name, ...yearly, ...fields });
const replace = (fields: object, headers = {}) =>
  send('PUT', `/api/schedules/${name}`, { ...yearly, ...fields }, headers);
const read = async () => (await (await api.fetch(`/api/schedules/${name}`)).json()) as ScheduleJson;
const hasTrigger = async () => (await api.log.schedules.triggers.names()).includes(name);

async function problemOf(response: Response) {
  const { type, errors } = (await response.json()) as { type: string; errors?: object[] };
  return { status: response.status, code: type.replace('urn:jobstream:problem:', ''), errors };
}

describe('POST /api/schedules', () => {
  test('creates a schedule and sets its trigger; omitted fields get their defaults', async () => {
    const response = await create();
    expect([response.status, response.headers.get('location'), response.headers.get('etag')]).toEqual([
      201,
      `/api/schedules/${name}`,
      '"1"',
    ]);
    const { nextTicks, createdAt, updatedAt, ...schedule } = (await response.json()) as ScheduleJson;
    expect(schedule).toEqual({
      name,
      cron: '0 0 1 1 *',
      timeZone: 'UTC',
      job: {
        type: 'email',
        payload: null,
        maxAttempts: 5,
        backoff: { type: 'exponential', delayMs: 1_000, maxDelayMs: 3_600_000, jitter: 0.2 },
        timeoutMs: 3_600_000,
        tags: [],
        unset: ['maxAttempts', 'backoff', 'timeoutMs'],
      },
      enabled: true,
      catchUp: { policy: 'skip', limit: 100 },
      version: 1,
    });
    expect(nextTicks).toEqual([1, 2, 3].map((years) => `${new Date().getUTCFullYear() + years}-01-01T00:00:00.000Z`));
    expect(createdAt).toBe(updatedAt);
    expect(await hasTrigger()).toBe(true);
  });

  test('accepts every field', async () => {
    const said = {
      cron: '*/10 30 9 * * mon-fri',
      timeZone: 'Europe/Berlin',
      job: {
        type: 'webhook',
        payload: { url: 'https://example.com' },
        maxAttempts: 1,
        backoff: { type: 'fixed', delayMs: 5 },
        timeoutMs: 1_000,
        tags: ['nightly'],
      },
      enabled: false,
      catchUp: { policy: 'all', limit: 7 },
    };
    const response = await create(said);
    expect(await response.json()).toMatchObject({ name, ...said, nextTicks: [] });
    expect(await hasTrigger()).toBe(false);
  });

  test('refuses a name that is taken', async () => {
    await create();
    expect(await problemOf(await create())).toMatchObject({ status: 409, code: 'schedule-exists' });
  });

  test('accepts a name whose earlier schedule has expired from the log but for its deletion', async () => {
    const common = { v: 1, id: randomUUID(), schedule: name, at: new Date().toISOString() } as const;
    const deleted = {
      ...common,
      version: 2,
      actor: { kind: 'user', id: 'test' },
      event: 'ScheduleDeleted',
      data: {},
    } as const;
    await api.log.schedules.append(deleted, 0);
    expect((await api.fetch(`/api/schedules/${name}`)).status).toBe(404);
    expect((await create()).status).toBe(201);
    expect(await read()).toMatchObject({ name, version: 1 });
    expect(await hasTrigger()).toBe(true);
    expect((await create()).status).toBe(409);
  });

  test.each([
    ['a cron that cannot be read', { cron: '61 * * * *' }, '/cron', /^minute: expected \*, numbers from 0 to 59/],
    ['a cron that never ticks', { cron: '0 0 30 2 *' }, '/cron', /must tick at least once/],
    ['@every below a second', { cron: '@every 500ms' }, '/cron', /from 1s to a year/],
    ['a time zone that nobody knows', { timeZone: 'Mars/Olympus' }, '/timeZone', /must be a time zone of the IANA/],
    ['a time zone that only we know', { timeZone: 'JST' }, '/timeZone', /the server refuses the trigger/],
    ['an offset for a time zone', { timeZone: '+01:00' }, '/timeZone', /IANA time zone/],
    ['a bad name', { name: 'Nightly' }, '/name', /a schedule name/],
    ['a bad job type', { job: { type: 'E-Mail' } }, '/job/type', /a job type/],
    ['a time for the job', { job: { type: 'email', delayMs: 5 } }, '/job/delayMs', /is not known here/],
    ['an unknown policy', { catchUp: { policy: 'most' } }, '/catchUp/policy', /"skip"/],
    ['too high a limit', { catchUp: { policy: 'all', limit: 1_001 } }, '/catchUp/limit', /1000/],
    ['an unknown field', { timezone: 'UTC' }, '/timezone', /is not known here/],
  ])('refuses %s', async (_what, fields, pointer, detail) => {
    const problem = await problemOf(await create(fields));
    expect(problem).toMatchObject({ status: 422, code: 'invalid-request' });
    expect(problem.errors).toEqual([{ pointer, detail: expect.stringMatching(detail) as string }]);
    expect((await api.fetch(`/api/schedules/${name}`)).status).toBe(404);
  });

  test('refuses a payload that is too large', async () => {
    const job = { type: 'email', payload: 'x'.repeat(300_000) };
    expect(await problemOf(await create({ job }))).toMatchObject({
      status: 413,
      errors: [{ pointer: '/job/payload', detail: 'is too large' }],
    });
  });
});

describe('PUT /api/schedules/:name', () => {
  test('replaces the whole definition and changes the trigger', async () => {
    await create({ catchUp: { policy: 'all' } });
    const response = await replace({ cron: '@daily', name, enabled: false });
    expect([response.status, response.headers.get('etag')]).toEqual([200, '"2"']);
    expect(await response.json()).toMatchObject({ cron: '@daily', version: 2, catchUp: { policy: 'skip' } });
    expect(await hasTrigger()).toBe(false);
    await replace({});
    expect(await hasTrigger()).toBe(true);
  });

  test('with If-Match changes only that version', async () => {
    await create();
    expect((await replace({ cron: '@daily' }, { 'if-match': '"1"' })).status).toBe(200);
    const late = await replace({ cron: '@hourly' }, { 'if-match': '"1"' });
    expect(await problemOf(late)).toMatchObject({ status: 412, code: 'precondition-failed' });
    expect(await read()).toMatchObject({ cron: '@daily', version: 2 });
    expect((await replace({ cron: '@hourly' }, { 'if-match': '"7", "2"' })).status).toBe(200);
    expect((await replace({ cron: '@weekly' }, { 'if-match': '*' })).status).toBe(200);
  });

  test('does not create a schedule', async () => {
    expect(await problemOf(await replace({}))).toMatchObject({ status: 404, code: 'schedule-not-found' });
  });

  test('refuses a name in the body that differs from the path', async () => {
    await create();
    const problem = await problemOf(await replace({ name: 'other' }));
    expect(problem).toMatchObject({ status: 422, errors: [{ pointer: '/name' }] });
  });

  test('of several clients at once is applied for each, one after the other', async () => {
    await create();
    const answers = await Promise.all([1, 2, 3, 4].map((hour) => replace({ cron: `0 ${hour} * * *` })));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect((await read()).version).toBe(5);
  });
});

describe('DELETE /api/schedules/:name', () => {
  test('deletes the schedule and its trigger; the name becomes free, the history stays', async () => {
    await create();
    expect((await send('DELETE', `/api/schedules/${name}`, undefined, { 'if-match': '"9"' })).status).toBe(412);
    const response = await send('DELETE', `/api/schedules/${name}`);
    expect([response.status, await response.text()]).toEqual([204, '']);
    expect(await hasTrigger()).toBe(false);
    expect((await api.fetch(`/api/schedules/${name}`)).status).toBe(404);
    expect((await send('DELETE', `/api/schedules/${name}`)).status).toBe(404);
    expect((await (await create()).json()) as ScheduleJson).toMatchObject({ version: 3 });
    expect(await hasTrigger()).toBe(true);
  });
});

describe('GET /api/schedules', () => {
  test('returns pages in the order of the names, without deleted schedules', async () => {
    const page = ['page-a', 'page-b', 'page-b-2', 'page-c', 'page-d', 'page-e'];
    for (const each of page.toReversed()) await create({ name: each });
    await send('DELETE', '/api/schedules/page-c');
    const first = await api.fetch('/api/schedules?limit=2&cursor=page');
    expect(first.headers.get('link')).toBe('</api/schedules?limit=2&cursor=page-b>; rel="next"');
    const rest = await api.fetch('/api/schedules?cursor=page-b');
    const bodies = await Promise.all([first, rest].map((response) => response.json()));
    const listed = bodies.map((body) => {
      const { items, nextCursor } = body as { items: ScheduleJson[]; nextCursor: string | null };
      return [items.map((item) => item.name).filter((one) => one.startsWith('page-')), nextCursor];
    });
    expect(listed).toEqual([
      [['page-a', 'page-b'], 'page-b'],
      [['page-b-2', 'page-d', 'page-e'], null],
    ]);
  });

  test('refuses unknown parameters', async () => {
    for (const query of ['limit=0', 'limit=201', 'cursor=A', 'page=2']) {
      expect((await api.fetch(`/api/schedules?${query}`)).status).toBe(400);
    }
  });
});

describe('GET /api/schedules/:name/events', () => {
  test('returns the history, newest event first, page by page', async () => {
    await create();
    await replace({ cron: '@daily' });
    await send('DELETE', `/api/schedules/${name}`);
    const events = async (query: string) =>
      (await (await api.fetch(`/api/schedules/${name}/events?${query}`)).json()) as {
        items: { event: string; version: number; sequence: number; actor: object; data: object }[];
        nextCursor: string | null;
      };
    const first = await events('limit=2');
    expect(first.items.map(({ event, version }) => [event, version])).toEqual([
      ['ScheduleDeleted', 3],
      ['ScheduleUpdated', 2],
    ]);
    expect(first.nextCursor).toBe(String(first.items[1]?.sequence));
    const rest = await events(`cursor=${first.nextCursor}`);
    expect(rest).toMatchObject({
      items: [{ event: 'ScheduleCreated', version: 1, actor: { kind: 'api' }, data: { cron: '0 0 1 1 *' } }],
      nextCursor: null,
    });
  });

  test('returns 404 for a name that never had a schedule', async () => {
    expect(await problemOf(await api.fetch(`/api/schedules/${name}/events`))).toMatchObject({
      status: 404,
      code: 'schedule-not-found',
    });
  });
});

test('a tick is shown in the schedule and does not change its version', async () => {
  await create();
  const snapshot = await api.log.schedules.reader.read(name);
  const lastTick = { tickAt: '2999-01-01T00:00:00.000Z', jobIds: [], skipped: 3 };
  const ticked = {
    v: 1,
    event: 'ScheduleTicked',
    id: 'event-2',
    schedule: name,
    version: 2,
    at: '2999-01-01T00:00:00.100Z',
    actor: { kind: 'scheduler', id: name },
    data: lastTick,
  } as const;
  await api.log.schedules.append(ticked, snapshot?.sequence ?? 0);
  expect(await read()).toMatchObject({ version: 1, lastTick });
  expect((await replace({}, { 'if-match': '"1"' })).status).toBe(200);
});

test('a schedule with an event of a newer release is not changed, and the others are listed', async () => {
  const created = await api.post('/api/schedules', { name: 'newer', cron: '@hourly', job: { type: 'report' } });
  expect(created.status).toBe(201);
  const { sequence } = await api.log.schedules.reader.readEnd('newer');
  const event = { v: 2, event: 'ScheduleTicked', schedule: 'newer', version: 2 } as unknown as ScheduleEvent;
  await api.log.schedules.append(event, sequence);
  const response = await api.fetch('/api/schedules/newer', { method: 'DELETE' });
  expect(response.status).toBe(409);
  expect(await response.json()).toMatchObject({ type: 'urn:jobstream:problem:schedule-unreadable' });
  expect((await api.fetch('/api/schedules')).status).toBe(200);
});

test('other methods are refused, and the response names the allowed ones', async () => {
  const response = await send('POST', `/api/schedules/${name}`, {});
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD, PUT, PATCH, DELETE, OPTIONS']);
  expect((await send('PUT', '/api/schedules', {})).headers.get('allow')).toBe('GET, HEAD, POST, OPTIONS');
});

test('a text that is not a valid name is not found', async () => {
  for (const path of ['/api/schedules/Nightly', '/api/schedules/a.b', '/api/schedules/*/events']) {
    expect((await api.fetch(path)).status).toBe(404);
  }
});
