import { startNats } from '@jobstream/test-support';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { announceWorker } from '../../../testing/announceWorker.ts';
import { useStage } from '../../../testing/apiStage.ts';
import { projectAll } from '../../../testing/projectAll.ts';
import { startApi, type TestApi } from '../../../testing/startApi.ts';

const stage = useStage();
const { api } = stage;
let sibling: TestApi;

beforeAll(async () => {
  await announceWorker(api, { type: 'email' });
  sibling = await startApi({ natsUrl: stage.nats.url, databaseUrl: stage.databaseUrl });
});
afterAll(() => sibling.stop());

interface Created {
  readonly id: string;
  readonly status: string;
}

async function created(response: Response): Promise<Created> {
  expect([200, 201]).toContain(response.status);
  return (await response.json()) as Created;
}

describe('a new job', () => {
  test('is returned as stored, with its Location', async () => {
    const response = await api.post('/api/jobs', { type: 'email', payload: { to: 'user@example.com' } });
    expect(response.status).toBe(201);
    const body = await created(response);
    expect(body).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/),
      type: 'email',
      status: 'pending',
      version: 1,
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
      updatedAt: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(response.headers.get('location')).toBe(`/api/jobs/${body.id}`);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
  });

  test('is in the log as one event with the actor and the request id', async () => {
    const { id } = await created(await api.post('/api/jobs', { type: 'email' }, { 'x-request-id': 'req-1' }));
    const history = await api.log.readHistory(id);
    expect(history.map(({ event }) => event)).toMatchObject([
      {
        event: 'JobCreated',
        jobId: id,
        version: 1,
        actor: { kind: 'api', id: 'anonymous' },
        correlationId: 'req-1',
        data: { payload: null, maxAttempts: 5, timeoutMs: 3_600_000, tags: [] },
      },
    ]);
  });

  test.each([{ delayMs: 3_600_000 }, { runAt: new Date(Date.now() + 3_600_000).toISOString() }])(
    'with %j is scheduled',
    async (plan) => {
      const { id, status } = await created(await api.post('/api/jobs', { type: 'email', ...plan }));
      expect(status).toBe('scheduled');
      expect((await api.log.readJob(id))?.job.runAt).toMatch(/Z$/);
    },
  );

  test('with a runAt in the past is pending', async () => {
    const { status } = await created(await api.post('/api/jobs', { type: 'email', runAt: '2020-01-01T00:00:00Z' }));
    expect(status).toBe('pending');
  });

  test('keeps its payload unchanged', async () => {
    const payload = { text: 'ünï\0cödé \ud83d\ude00', list: [1, 2.5, null, true], constructor: { name: 'x' } };
    const { id } = await created(await api.post('/api/jobs', { type: 'email', payload }));
    expect((await api.log.readJob(id))?.job.payload).toEqual(payload);
  });

  test('without a key is created anew each time', async () => {
    const first = await created(await api.post('/api/jobs', { type: 'email' }));
    const second = await created(await api.post('/api/jobs', { type: 'email' }));
    expect(first.id).not.toBe(second.id);
  });
});

/** The ways to create a job under a key: where, what and with which headers. */
const keyed: readonly [string, object, Record<string, string>][] = [
  ['', { type: 'email' }, { 'idempotency-key': 'seen' }],
  ['/batch', { jobs: [{ type: 'email' }] }, { 'idempotency-key': 'seen' }],
  ['/import', { type: 'email', idempotencyKey: 'imported' }, { 'content-type': 'application/x-ndjson' }],
];

const firstIdIn = (answer: string) => /"id":"([^"]+)"/.exec(answer)?.[1] ?? '';

describe('an idempotency key', () => {
  const body = { type: 'email', payload: { to: 'a@example.com', n: 1 } };

  test('returns the job of its first request, whatever the spelling of the body', async () => {
    const headers = { 'idempotency-key': crypto.randomUUID() };
    const first = await api.post('/api/jobs', body, headers);
    expect(first.status).toBe(201);
    expect(first.headers.has('idempotent-replayed')).toBe(false);
    const again = await api.post('/api/jobs', ' {"payload":{"n":1,"to":"a@example.com"}, "type":"email"}', headers);
    expect(again.status).toBe(200);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
    expect(await again.json()).toEqual(await first.json());
  });

  test('with another body is refused', async () => {
    const headers = { 'idempotency-key': crypto.randomUUID() };
    await created(await api.post('/api/jobs', body, headers));
    const other = await api.post('/api/jobs', { ...body, tags: ['x'] }, headers);
    expect(other.status).toBe(422);
    expect(await other.json()).toMatchObject({ type: 'urn:jobstream:problem:idempotency-key-reused' });
  });

  test('with a body that is nested too deep is refused like a request without a key', async () => {
    const deep = `${'['.repeat(4_000)}${']'.repeat(4_000)}`;
    const text = `{"type": "email", "payload": ${deep}}`;
    const response = await api.post('/api/jobs', text, { 'idempotency-key': 'deep' });
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({
      errors: [{ detail: 'must not be nested deeper than 64 levels' }],
    });
  });

  test('returns the current state of the job', async () => {
    const headers = { 'idempotency-key': crypto.randomUUID() };
    const { id } = await created(await api.post('/api/jobs', body, headers));
    await api.post(`/api/jobs/${id}/cancel`);
    const again = await api.post('/api/jobs', body, headers);
    expect(await again.json()).toMatchObject({ id, status: 'cancelled', version: 2 });
  });

  test.each(keyed)(
    'answers at /api/jobs%s with a state that later answers do not fall behind',
    async (path, request, headers) => {
      const send = async () => (await api.post(`/api/jobs${path}`, request, headers)).text();
      const id = firstIdIn(await send());
      await projectAll(api.log, stage.databaseUrl);
      await sibling.post(`/api/jobs/${id}/cancel`);
      expect(await send()).toContain('"cancelled"');
      expect(await (await api.fetch(`/api/jobs/${id}`)).json()).toMatchObject({ id, status: 'cancelled' });
    },
  );

  test.each(keyed)(
    'leads at /api/jobs%s to a job that only the table knows any more',
    async (path, request, headers) => {
      const send = async (to: TestApi) => (await to.post(`/api/jobs${path}`, request, headers)).text();
      const id = firstIdIn(await send(api));
      await projectAll(api.log, stage.databaseUrl);
      await using emptyNats = await startNats();
      const servers = { natsUrl: emptyNats.url, databaseUrl: stage.databaseUrl };
      await using forgetful = await startApi({ ...servers, log: { maxAgeMs: 86_400_000 } });
      expect(firstIdIn(await send(forgetful))).toBe(id);
      expect(await forgetful.log.lastSequence()).toBe(0);
    },
  );

  test('is not stored itself', async () => {
    const key = crypto.randomUUID();
    const { id } = await created(await api.post('/api/jobs', body, { 'idempotency-key': key }));
    const history = JSON.stringify(await api.log.readHistory(id));
    expect(history).toContain('"idempotencyKey":');
    expect(history).not.toContain(key);
  });

  test('used by 50 requests at once on two processes makes one job', async () => {
    const headers = { 'idempotency-key': crypto.randomUUID() };
    const requests = Array.from({ length: 50 }, (_, index) =>
      (index % 2 === 0 ? api : sibling).post('/api/jobs', body, headers),
    );
    const responses = await Promise.all(requests);
    const statuses = responses.map(({ status }) => status).toSorted((left, right) => left - right);
    expect(statuses).toEqual([...Array.from({ length: 49 }, () => 200), 201]);
    const jobs = await Promise.all(responses.map(created));
    expect(new Set(jobs.map(({ id }) => id)).size).toBe(1);
  });

  test.each([
    ['', 'must have 1 to 255 visible ASCII characters'],
    ['k'.repeat(256), 'must have 1 to 255 visible ASCII characters'],
    ['käse', 'must have 1 to 255 visible ASCII characters'],
  ])('that is %j is refused', async (key, detail) => {
    const response = await api.post('/api/jobs', body, { 'idempotency-key': key });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ errors: [{ header: 'Idempotency-Key', detail }] });
  });
});

describe('while the log is unavailable', () => {
  test('creation is refused with Retry-After, and a key makes the retry safe', async () => {
    await using ownNats = await startNats();
    await using own = await startApi({
      natsUrl: ownNats.url,
      databaseUrl: stage.databaseUrl,
      log: { deadlineMs: 500 },
    });
    const headers = { 'idempotency-key': crypto.randomUUID() };
    await ownNats.kill();
    const refused = await own.post('/api/jobs', { type: 'email' }, headers);
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('2');
    expect(await refused.json()).toMatchObject({ type: 'urn:jobstream:problem:log-unavailable', status: 503 });
    await ownNats.restart();
    await using patient = await startApi({ natsUrl: ownNats.url, databaseUrl: stage.databaseUrl });
    const retried = await patient.post('/api/jobs', { type: 'email' }, headers);
    expect([200, 201]).toContain(retried.status);
  });

  test('appends beyond the limit are refused at once', async () => {
    await using ownNats = await startNats();
    await using own = await startApi({
      natsUrl: ownNats.url,
      databaseUrl: stage.databaseUrl,
      log: { deadlineMs: 2_000, maxPending: 5 },
    });
    await ownNats.pause();
    const responses = await Promise.all(Array.from({ length: 20 }, () => own.post('/api/jobs', { type: 'email' })));
    await ownNats.resume();
    expect(responses.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 503));
    const types = await Promise.all(responses.map(async (response) => ((await response.json()) as Problem).type));
    expect(types.filter((type) => type === 'urn:jobstream:problem:log-overloaded').length).toBeGreaterThanOrEqual(10);
  });
});

interface Problem {
  readonly type: string;
}
