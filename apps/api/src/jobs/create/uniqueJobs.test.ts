import { randomBytes, randomUUID } from 'node:crypto';
import { ConcurrentAppendError } from '@jobstream/eventlog';
import { beforeAll, describe, expect, test } from 'vitest';
import { announceWorker } from '../../../testing/announceWorker.ts';
import { answerOf, type Answer } from '../../../testing/answerOf.ts';
import { useStage } from '../../../testing/apiStage.ts';
import { carryOut } from '../../../testing/carryOut.ts';
import { tenantCaller } from '../../../testing/tenantCaller.ts';

const stage = useStage({ log: { masterKeys: [{ id: 'test', secret: randomBytes(32) }] } });
const { api } = stage;

beforeAll(async () => {
  await announceWorker(api, { type: 'mail' });
});

const post = async (path: string, body: object = {}, headers: Record<string, string> = {}) =>
  answerOf(await api.post(path, body, headers));
const create = (body: object, headers?: Record<string, string>) => post('/api/jobs', body, headers);
const get = async (id: string) => (await (await api.fetch(`/api/jobs/${id}`)).json()) as Answer['body'];

/** Another user each time, so that tests do not meet each other's keys. */
const someone = () => ({ userId: randomUUID(), at: randomUUID() });
const byUser = { by: ['payload.userId'] };
const unique = (payload: object, rule: object = byUser) => ({ type: 'mail', payload, unique: rule });

const START = { kind: 'StartAttempt', worker: 'w' } as const;
const COMPLETE = { kind: 'CompleteAttempt', attempt: 1, durationMs: 1 } as const;
const FAIL = {
  kind: 'FailAttempt',
  attempt: 1,
  error: { name: 'E', message: 'no' },
  cause: 'unrecoverable',
  random: 0,
  durationMs: 1,
} as const;

/** Starts a job, again if it has changed meanwhile. */
async function startAnyway(id: string): Promise<void> {
  await carryOut(api, id, START).catch((error: unknown) => {
    if (error instanceof ConcurrentAppendError) return startAnyway(id);
    throw error;
  });
}

describe('a unique job', () => {
  test('is the answer to further requests, and says by what it is unique', async () => {
    const user = someone();
    const first = await create(unique(user));
    expect(first.status).toBe(201);
    const second = await create(unique({ ...user, at: 'later' }));
    expect(second).toMatchObject({ status: 200, body: { id: first.body.id, existing: true } });
    const shown = await get(first.body.id);
    expect(shown).toMatchObject({ unique: { by: ['payload.userId'], while: 'unfinished' }, payload: user });
    expect(shown).not.toHaveProperty('uniqueKey');
    expect(await create(unique(someone()))).toMatchObject({ status: 201 });
  });

  test('counts for its type and its tenant only, and the order of the paths does not matter', async () => {
    const payload = { a: randomUUID(), b: { c: [1, { d: 2 }] } };
    const rule = { by: ['payload.a', 'payload.b'] };
    const first = await create(unique(payload, rule));
    const same = unique({ b: payload.b, a: payload.a }, { by: ['payload.b', 'tenant', 'payload.a', 'payload.b'] });
    expect(await create(same)).toMatchObject({ status: 200, body: { id: first.body.id } });
    expect(await create({ ...unique(payload, rule), type: 'other' })).toMatchObject({ status: 201 });
    expect(await create(unique({ ...payload, b: null }, rule))).toMatchObject({ status: 201 });
    const tenant = tenantCaller(api, 'acme');
    expect(await answerOf(await tenant('POST /api/jobs', unique(payload, rule)))).toMatchObject({ status: 201 });
  });

  test('while it is unfinished: until it has ended', async () => {
    const user = someone();
    const { body } = await create(unique(user));
    await carryOut(api, body.id, START);
    expect(await create(unique(user))).toMatchObject({ status: 200, body: { id: body.id, status: 'processing' } });
    await carryOut(api, body.id, COMPLETE);
    expect(await create(unique(user))).toMatchObject({ status: 201 });
  });

  test('while it waits: until its first start', async () => {
    const user = someone();
    const rule = { ...byUser, while: 'waiting' };
    const { body } = await create({ ...unique(user, rule), delayMs: 60_000 });
    expect(await create(unique(user, rule))).toMatchObject({ status: 200, body: { id: body.id } });
    await post(`/api/jobs/${body.id}/run-now`);
    await carryOut(api, body.id, START);
    expect(await create(unique(user, rule))).toMatchObject({ status: 201 });
  });

  test('for some time: whatever becomes of it', async () => {
    const user = someone();
    const { body } = await create(unique(user, { ...byUser, forMs: 60_000 }));
    await carryOut(api, body.id, START, COMPLETE);
    expect(await create(unique(user))).toMatchObject({ status: 200, body: { id: body.id, status: 'completed' } });
    const brief = someone();
    const { id } = (await create(unique(brief, { ...byUser, forMs: 1_000 }))).body;
    const again = async (): Promise<Answer> => {
      const answer = await create(unique(brief, { ...byUser, forMs: 1_000 }));
      return answer.status === 200 ? again() : answer;
    };
    expect((await again()).body.id).not.toBe(id);
  });

  test('of many requests at once one is created', async () => {
    const user = someone();
    const answers = await Promise.all(Array.from({ length: 200 }, () => create(unique(user))));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
  });

  test('with an idempotency key a repeated request is answered with its own job, also when another has the key by now', async () => {
    const user = someone();
    const key = { 'idempotency-key': randomUUID() };
    const { body } = await create(unique(user), key);
    expect(await create(unique(user), key)).toEqual({ status: 200, body });
    await carryOut(api, body.id, START, COMPLETE);
    const other = await create(unique(user));
    expect(other.status).toBe(201);
    expect(await create(unique(user), key)).toMatchObject({ status: 200, body: { id: body.id, status: 'completed' } });
  });
});

describe('a retry with another payload', () => {
  test('is refused where that would make another key: requests would find a job that does nothing for them', async () => {
    const [user, other] = [someone(), someone()];
    const { body } = await create(unique(user));
    await carryOut(api, body.id, START, FAIL);
    const refused = await post(`/api/jobs/${body.id}/retry`, { payload: other });
    expect(refused).toMatchObject({ status: 409, body: { detail: expect.stringContaining('rerun the job instead') } });
    expect(await get(body.id)).toMatchObject({ status: 'failed', payload: user, version: 3 });
    expect(await post(`/api/jobs/${body.id}/retry`, { payload: { ...user, text: 'mended' } })).toMatchObject({
      status: 200,
    });
  });

  test('is accepted where the job keeps no other from being created any more', async () => {
    const { body } = await create(unique(someone(), { ...byUser, while: 'waiting' }));
    await carryOut(api, body.id, START, FAIL);
    expect(await post(`/api/jobs/${body.id}/retry`, { payload: someone() })).toMatchObject({ status: 200 });
  });
});

describe('a job that holds the key and has not started yet', () => {
  const replacing = { ...byUser, onConflict: 'replace' };
  const debouncing = { ...byUser, onConflict: 'debounce' };

  test('gets the payload of a later request that replaces it, and keeps its time', async () => {
    const user = someone();
    const { body } = await create({ ...unique(user), delayMs: 60_000 });
    const { runAt } = await get(body.id);
    const later = { ...user, at: 'later' };
    const answer = await create({ ...unique(later, replacing), delayMs: 1 });
    expect(answer).toMatchObject({ status: 200, body: { id: body.id, existing: true, revised: true, version: 2 } });
    expect(await get(body.id)).toMatchObject({ payload: later, runAt, status: 'scheduled' });
    expect((await api.log.readHistory(body.id)).map(({ event }) => event.event)).toEqual(['JobCreated', 'JobRevised']);
  });

  test('stays as it is if it was put back to work with its steps', async () => {
    const user = someone();
    const { body } = await create(unique(user));
    const record = { kind: 'RecordSteps', attempt: 1, steps: [{ name: 'look', durationMs: 1 }] } as const;
    await carryOut(api, body.id, START, record, FAIL);
    expect(await post(`/api/jobs/${body.id}/retry`)).toMatchObject({ status: 200 });
    const answer = await create(unique({ ...user, at: 'later' }, replacing));
    expect(answer).toMatchObject({ status: 200, body: { id: body.id, existing: true } });
    expect(answer.body).not.toHaveProperty('revised');
    expect(await get(body.id)).toMatchObject({ payload: user, status: 'pending' });
  });

  test('is put off by each request that debounces it, never to an earlier time', async () => {
    const user = someone();
    const { body } = await create({ ...unique(user, debouncing), delayMs: 10_000 });
    const first = String((await get(body.id))['runAt']);
    const answer = await create({ ...unique({ ...user, at: 'second' }, debouncing), delayMs: 60_000 });
    expect(answer.body).toMatchObject({ id: body.id, revised: true });
    const second = await get(body.id);
    expect(second['payload']).toMatchObject({ at: 'second' });
    expect(String(second['runAt']) > first).toBe(true);
    await create({ ...unique({ ...user, at: 'third' }, debouncing), delayMs: 1_000 });
    expect(await get(body.id)).toMatchObject({ payload: { at: 'third' }, runAt: second['runAt'] });
  });

  test('a job that is due is put off as well', async () => {
    const user = someone();
    const { body } = await create(unique(user));
    await create({ ...unique(user, debouncing), delayMs: 60_000 });
    expect(await get(body.id)).toMatchObject({ status: 'scheduled' });
  });

  test('stays as it is once it has started', async () => {
    const user = someone();
    const { body } = await create(unique(user));
    await carryOut(api, body.id, START);
    const answer = await create(unique({ ...user, at: 'later' }, replacing));
    expect(answer).toMatchObject({ status: 200, body: { id: body.id, existing: true } });
    expect(answer.body).not.toHaveProperty('revised');
    expect(await get(body.id)).toMatchObject({ payload: user, version: 2 });
  });

  test('in a batch', async () => {
    const user = someone();
    const { body } = await create(unique(user));
    const { body: batch } = await post('/api/jobs/batch', {
      jobs: [unique({ ...user, at: 'one' }, replacing), unique({ ...user, at: 'two' })],
    });
    const existing = { id: body.id, status: 'pending', existing: true };
    expect(batch['jobs']).toEqual([{ ...existing, revised: true }, existing]);
    expect(await get(body.id)).toMatchObject({ payload: { at: 'one' } });
  });

  test('of two new members of a batch with one key the first is created, whatever the second asks for', async () => {
    const user = someone();
    const { status, body } = await post('/api/jobs/batch', {
      jobs: [unique(user, replacing), unique({ ...user, at: 'two' }, replacing)],
    });
    expect(status).toBe(201);
    const [first, second] = body['jobs'] as readonly Answer['body'][];
    expect(second).toEqual({ ...first, existing: true });
    expect(await get(first?.id ?? '')).toMatchObject({ payload: user });
  });

  test('stays as it is when its contents were erased', async () => {
    const user = someone();
    const { body } = await create({ ...unique(user), delayMs: 60_000 });
    expect((await api.fetch(`/api/jobs/${body.id}/payload`, { method: 'DELETE' })).status).toBeLessThan(300);
    const answer = await create(unique({ ...user, at: 'later' }, replacing));
    expect(answer).toMatchObject({ status: 200, body: { id: body.id, existing: true, version: 1 } });
    expect(answer.body).not.toHaveProperty('revised');
  });

  test('and is revised by many at once has the payload of one of them', async () => {
    const user = someone();
    const { body } = await create({ ...unique(user), delayMs: 60_000 });
    const requests = Array.from({ length: 100 }, (_, at) => create(unique({ ...user, at }, replacing)));
    const answers = await Promise.all(requests);
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    expect(await get(body.id)).toMatchObject({ version: 101 });
  });

  test('and starts meanwhile is revised, or another one is created', async () => {
    const rule = { ...replacing, while: 'waiting' };
    for (let races = 0; races < 20; races++) {
      const user = someone();
      const { body } = await create(unique(user, rule));
      const later = { ...user, at: 'later' };
      const [answer] = await Promise.all([create(unique(later, rule)), startAnyway(body.id)]);
      expect(await get(answer.body.id)).toMatchObject({ payload: later });
    }
  });
});

test('a claim that names a job of another key, as a stranger can store it, holds nothing', async () => {
  const user = someone();
  const { body: other } = await create(unique(someone()));
  const key = await api.log.unique.keyOf({ jobType: 'mail', unique: byUser, payload: user });
  await api.log.unique.renew(key, { jobId: other.id, jobType: 'mail', sequence: 0 });
  expect(await create(unique(user))).toMatchObject({ status: 201 });
});

describe('in a batch', () => {
  test('those whose keys are held are left out, and of two with one key the second', async () => {
    const [held, twice] = [someone(), someone()];
    const { body: holder } = await create(unique(held));
    const { status, body } = await post('/api/jobs/batch', {
      jobs: [unique(held), unique(twice), { type: 'mail' }, unique(twice)],
    });
    expect(status).toBe(201);
    const [first, second, third, fourth] = body['jobs'] as readonly Answer['body'][];
    expect(first).toEqual({ id: holder.id, status: 'pending', existing: true });
    expect(second).not.toHaveProperty('existing');
    expect(third).not.toHaveProperty('existing');
    expect(fourth).toEqual({ ...second, existing: true });
    const all = await post('/api/jobs/batch', { jobs: [unique(held), unique(twice)] });
    expect(all).toMatchObject({ status: 200, body: { jobs: [{ id: holder.id }, { id: second?.id }] } });
  });

  test('500 with keys are created at once, and two such batches at the same time make each job once', async () => {
    const jobs = Array.from({ length: 500 }, () => unique(someone()));
    const answers = await Promise.all([1, 2].map(() => post('/api/jobs/batch', { jobs })));
    const ids = answers.map(({ body }) => (body['jobs'] as readonly Answer['body'][]).map(({ id }) => id));
    expect(ids[0]).toEqual(ids[1]);
    expect(new Set(ids[0]).size).toBe(500);
  });

  test('more than 500 with keys are refused', async () => {
    const jobs = Array.from({ length: 501 }, () => unique(someone()));
    expect(await post('/api/jobs/batch', { jobs })).toMatchObject({
      status: 422,
      body: {
        errors: [{ pointer: '/jobs', detail: 'must have at most 1000 jobs, of which a unique one counts as two' }],
      },
    });
  });

  test('an import says which lines have made none', async () => {
    const user = someone();
    const lines = [unique(user), unique(user)].map((job) => JSON.stringify(job)).join('\n');
    const response = await api.fetch('/api/jobs/import', {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: lines,
    });
    const outcomes = (await response.text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Answer['body']);
    const made = outcomes.filter(({ id }) => typeof id === 'string');
    expect(made).toHaveLength(2);
    expect(new Set(made.map(({ id }) => id)).size).toBe(1);
    expect(made.filter(({ existing }) => existing === true)).toHaveLength(1);
  });
});

describe('a retry', () => {
  test('takes the key again', async () => {
    const user = someone();
    const { body } = await create(unique(user));
    await carryOut(api, body.id, START, FAIL);
    expect(await post(`/api/jobs/${body.id}/retry`)).toMatchObject({ status: 200, body: { status: 'pending' } });
    expect(await create(unique(user))).toMatchObject({ status: 200, body: { id: body.id } });
  });

  test('is refused while another job holds the key', async () => {
    const user = someone();
    const { body: failed } = await create(unique(user));
    await carryOut(api, failed.id, START, FAIL);
    const { body: holder } = await create(unique(user));
    const refused = await post(`/api/jobs/${failed.id}/retry`);
    const detail = `job ${holder.id}, which is pending, holds the unique key`;
    expect(refused).toMatchObject({ status: 409, body: { type: expect.stringContaining('unique-key-held'), detail } });
    const mended = await post(`/api/jobs/${failed.id}/retry`, { payload: { ...user, at: 'mended' } });
    expect(mended).toMatchObject({ status: 409, body: { detail } });
    expect(await get(failed.id)).toMatchObject({ status: 'failed', payload: user });
    await carryOut(api, holder.id, START, COMPLETE);
    expect(await post(`/api/jobs/${failed.id}/retry`)).toMatchObject({ status: 200 });
  });

  test('and a creation at the same time leave one job that has not ended', async () => {
    for (let races = 0; races < 20; races++) {
      const user = someone();
      const { body } = await create(unique(user));
      await carryOut(api, body.id, START, FAIL);
      const [retry, other] = await Promise.all([post(`/api/jobs/${body.id}/retry`), create(unique(user))]);
      const retried = retry.status === 200;
      expect([retry.status, other.status]).toEqual(retried ? [200, 200] : [409, 201]);
    }
  });

  test('a rerun is a creation like any other', async () => {
    const user = someone();
    const { body } = await create(unique(user));
    await carryOut(api, body.id, START, COMPLETE);
    const rerun = await post(`/api/jobs/${body.id}/rerun`);
    expect(rerun.status).toBe(201);
    expect(await post(`/api/jobs/${body.id}/rerun`)).toMatchObject({ status: 200, body: { id: rerun.body.id } });
    const other = await post(`/api/jobs/${body.id}/rerun`, { payload: { to: 'nobody' } });
    expect(other).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/unique/by/0', detail: 'the payload has no userId' }] },
    });
  });
});

test.each([
  [{}, '/unique/by', 'is required'],
  [{ by: [] }, '/unique/by', 'between 1 and 16'],
  [{ by: ['user'] }, '/unique/by/0', '"tenant", "type", "payload", or a path into the payload'],
  [{ by: ['payload.userId', 'payload.userld'] }, '/unique/by/1', 'the payload has no userld'],
  [{ ...byUser, forMs: 999 }, '/unique/forMs', '1000'],
  [{ ...byUser, forMs: 2_592_000_001 }, '/unique/forMs', '2592000000'],
  [{ ...byUser, while: 'running' }, '/unique/while', 'waiting'],
  [{ ...byUser, onConflict: 'fail' }, '/unique/onConflict', 'keep'],
  [{ ...byUser, onConflict: 'debounce' }, '/unique/onConflict', 'debounce needs delayMs'],
  [{ ...byUser, while: 'waiting', forMs: 1_000 }, '/unique/forMs', 'must not be given together with while'],
])('%j is refused with a pointer', async (rule, pointer, detail) => {
  const { status, body } = await create(unique(someone(), rule));
  expect(status).toBe(422);
  expect(body['errors']).toEqual([{ pointer, detail: expect.stringContaining(detail) }]);
});
