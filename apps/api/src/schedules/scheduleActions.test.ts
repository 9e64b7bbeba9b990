import { randomUUID } from 'node:crypto';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { announceWorker } from '../../testing/announceWorker.ts';
import { useStage } from '../../testing/apiStage.ts';

const { api } = useStage();
let name: string;

const definition = {
  cron: '0 0 1 1 *',
  timeZone: 'Europe/Berlin',
  job: { type: 'email', payload: { to: 'a' }, maxAttempts: 2, tags: ['report'] },
  catchUp: { policy: 'all', limit: 7 },
} as const;

beforeAll(async () => {
  await announceWorker(api, { type: 'email', payloadSchema: { type: 'object', required: ['to'] } });
});

beforeEach(async () => {
  name = `s-${randomUUID()}`;
  await send('POST', '/api/schedules', { name, ...definition });
});

interface Answer {
  readonly status: number;
  readonly body: { readonly [field: string]: unknown };
}

async function send(method: string, path: string, body?: object, headers: object = {}): Promise<Answer> {
  const response = await api.fetch(path, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}

const patch = (body: object, headers: object = {}) => send('PATCH', `/api/schedules/${name}`, body, headers);
const run = (body?: object, headers: object = {}) => send('POST', `/api/schedules/${name}/run`, body, headers);
const ticksFrom = async () => (await api.log.schedules.reader.read(name))?.schedule?.ticksFrom;
const lastEvent = async () =>
  ((await send('GET', `/api/schedules/${name}/events`)).body['items'] as readonly object[])[0];

describe('a change of parts of a schedule', () => {
  test('leaves all others as they are, also within the job and the policy for missed ticks', async () => {
    const changed = { enabled: false, job: { payload: { to: 'b' } }, catchUp: { limit: 9 } };
    const { status, body } = await patch({ ...changed, reason: 'the list has moved' });
    const expected = {
      ...definition,
      enabled: false,
      job: { ...definition.job, payload: { to: 'b' } },
      catchUp: { policy: 'all', limit: 9 },
      version: 2,
    };
    expect({ status, body }).toMatchObject({ status: 200, body: expected });
    expect(body).not.toHaveProperty('reason');
    expect(await lastEvent()).toMatchObject({ event: 'ScheduleUpdated', data: { reason: 'the list has moved' } });
  });

  test('keeps the ticks that are due when only the job changes', async () => {
    const before = await ticksFrom();
    await patch({ job: { tags: [] } });
    expect(before).toBeDefined();
    expect(await ticksFrom()).toBe(before);
  });

  test.each([
    [{ cron: '0 0 30 2 *' }, '/cron'],
    [{ job: { payload: {} } }, '/job/payload/to'],
    [{ job: { type: 'No' } }, '/job/type'],
    [{ job: 'email' }, '/job'],
    [{ catchUp: { limit: 0 } }, '/catchUp/limit'],
    [{ nonsense: 1 }, '/nonsense'],
    [{ name: 'other' }, '/name'],
    [{ reason: 7 }, '/reason'],
    [[], ''],
  ])('is refused like a whole definition: %j', async (body, pointer) => {
    expect(await patch(body)).toMatchObject({ status: 422, body: { errors: [{ pointer }] } });
    expect(await lastEvent()).toMatchObject({ event: 'ScheduleCreated' });
  });

  test('with If-Match is of that version alone', async () => {
    expect(await patch({ enabled: false }, { 'if-match': '"9"' })).toMatchObject({ status: 412 });
    expect(await patch({ enabled: false }, { 'if-match': '"1"' })).toMatchObject({ status: 200 });
  });

  test('takes no change of another client back', async () => {
    const answers = await Promise.all([
      patch({ enabled: false }),
      patch({ cron: '@daily' }),
      patch({ timeZone: 'UTC' }),
    ]);
    const { body } = await send('GET', `/api/schedules/${name}`);
    const made = answers.map(({ status }) => status === 200);
    expect(answers.filter(({ status }) => status !== 200 && status !== 409)).toEqual([]);
    expect([body['enabled'] === false, body['cron'] === '@daily', body['timeZone'] === 'UTC']).toEqual(made);
  });

  test('does not create one', async () => {
    expect(await send('PATCH', '/api/schedules/nothing', { enabled: true })).toMatchObject({ status: 404 });
  });
});

describe('running a schedule now', () => {
  test('creates the job of a tick, and says who wanted it and why', async () => {
    const { status, body } = await run({ reason: 'the first was late' });
    expect({ status, body }).toMatchObject({ status: 201, body: { type: 'email', status: 'pending' } });
    const { body: job } = await send('GET', `/api/jobs/${String(body['id'])}`);
    const tags = ['report', `schedule:${name}`];
    expect(job).toMatchObject({ payload: { to: 'a' }, maxAttempts: 2, tags });
    const [created] = await api.log.readHistory(String(body['id']));
    const causationId = `${name}@${String(body['createdAt'])}`;
    const expected = { actor: { kind: 'api' }, causationId, data: { reason: 'the first was late' } };
    expect(created?.event).toMatchObject(expected);
    expect(await send('GET', `/api/schedules/${name}`)).not.toHaveProperty('body.lastTick');
  });

  test('is possible while it is disabled, and makes one job for an idempotency key', async () => {
    await patch({ enabled: false });
    const key = { 'idempotency-key': randomUUID() };
    const first = await run(undefined, key);
    expect(first.status).toBe(201);
    expect(await run(undefined, key)).toMatchObject({ status: 200, body: { id: first.body['id'] } });
  });

  test('is not possible for one that there is not', async () => {
    expect(await send('POST', '/api/schedules/nothing/run')).toMatchObject({ status: 404 });
  });
});
