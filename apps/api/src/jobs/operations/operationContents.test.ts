import { randomBytes, randomUUID } from 'node:crypto';
import { JobProjection } from '@jobstream/readmodel';
import { eventually, queryDatabase } from '@jobstream/test-support';
import { describe, expect, test } from 'vitest';
import { type ApiStage, useStage } from '../../../testing/apiStage.ts';
import { failJob } from '../../../testing/failJob.ts';
import { projectAll } from '../../../testing/projectAll.ts';

const SECRET = 'night@example.com';

interface Operation {
  readonly id: string;
  readonly status: string;
  readonly patched?: readonly string[];
}

async function bodyOf<Body>(response: Promise<Response>): Promise<Body> {
  return (await (await response).json()) as Body;
}

/** Jobs that have ended, in the table. */
async function cancelledJobs({ api, databaseUrl }: ApiStage, count: number) {
  const type = `type-${randomUUID()}`;
  const jobs = Array.from({ length: count }, () => ({ type, payload: { to: SECRET } }));
  const made = await bodyOf<{ jobs: { id: string }[] }>(api.post('/api/jobs/batch', { jobs }));
  await projectAll(api.log, databaseUrl);
  await api.post('/api/jobs/cancel', { type });
  await projectAll(api.log, databaseUrl);
  return { type, ids: made.jobs.map(({ id }) => id) };
}

/** All that Postgres has of an operation and of the request for it, as text. */
async function stored({ databaseUrl }: ApiStage, id: string): Promise<string> {
  const text = `SELECT operations::text FROM operations WHERE id = $1
    UNION ALL SELECT audit_log::text FROM audit_log WHERE subject_id = $1::text`;
  return JSON.stringify(await queryDatabase(databaseUrl, text, [id]));
}

/** What is stored of the values of an operation, and until when a process carries it out. */
async function contentsOf({ databaseUrl }: ApiStage, id: string) {
  const text = `SELECT patch #>> '{}' AS patch, key_id AS "keyId", fingerprint, leased_until AS "leasedUntil"
    FROM operations WHERE id = $1`;
  const [row] = await queryDatabase(databaseUrl, text, [id]);
  return row as Readonly<Record<'patch' | 'keyId' | 'fingerprint' | 'leasedUntil', string | null>>;
}

async function read({ api }: ApiStage, id: string): Promise<Operation> {
  return bodyOf(api.fetch(`/api/operations/${id}`));
}

async function ended(stage: ApiStage, id: string, status = 'completed'): Promise<void> {
  await eventually(async () => expect((await read(stage, id)).status).toBe(status));
}

/** A retry with a patch that is paused while most of its jobs are left: all of them would take half a minute. */
async function pausedRetry(stage: ApiStage, headers: Record<string, string> = {}) {
  const { type, ids } = await cancelledJobs(stage, 60);
  const body = {
    kind: 'retry',
    filter: { type, status: 'cancelled' },
    patch: { from: SECRET, cc: { to: null } },
    rate: 2,
  };
  const accepted = await stage.api.post('/api/operations', body, headers);
  expect(accepted.status).toBe(202);
  const text = await accepted.text();
  const { id } = JSON.parse(text) as Operation;
  await stage.api.post(`/api/operations/${id}/pause`);
  await eventually(async () => expect((await contentsOf(stage, id)).leasedUntil).toBeNull());
  expect(text).not.toContain(SECRET);
  return { id, ids, body };
}

/** As fast as the log accepts them. */
async function resume({ api, databaseUrl }: ApiStage, id: string): Promise<void> {
  await queryDatabase(databaseUrl, 'UPDATE operations SET rate = NULL WHERE id = $1', [id]);
  await api.post(`/api/operations/${id}/resume`);
}

describe('where payloads are encrypted, what an operation puts into them', () => {
  const stage = useStage({ log: { masterKeys: [{ id: 'test', secret: randomBytes(32) }] } });

  test('is stored sealed, shown as paths, and reaches the payloads', async () => {
    const { id, ids } = await pausedRetry(stage);
    expect(await stored(stage, id)).toContain('operation.create');
    expect(await stored(stage, id)).not.toContain(SECRET);
    const shown = await read(stage, id);
    expect(shown.patched).toEqual(['/from', '/cc/to']);
    expect(JSON.stringify(shown)).not.toMatch(/night|keyId|fingerprint|"patch"/);
    await resume(stage, id);
    await ended(stage, id);
    for (const one of [ids[0], ids.at(-1)]) {
      const { job } = (await stage.api.log.readJob(one ?? '')) ?? {};
      expect(job).toMatchObject({ status: 'pending', payload: { to: SECRET, from: SECRET, cc: {} } });
    }
    expect((await read(stage, id)).patched).toEqual(['/from', '/cc/to']);
  });

  test.each(['completed', 'cancelled'])('cannot be read any more when the operation is %s', async (end) => {
    const { id } = await pausedRetry(stage);
    const { patch, keyId } = await contentsOf(stage, id);
    const { contents } = stage.api.log;
    const copy = () => contents.openText(keyId ?? '', patch ?? '');
    expect(await copy()).toEqual({ kind: 'text', text: JSON.stringify({ from: SECRET, cc: { to: null } }) });
    await (end === 'completed' ? resume(stage, id) : stage.api.post(`/api/operations/${id}/cancel`));
    await ended(stage, id, end);
    const nothing = { patch: null, keyId: null, fingerprint: null };
    await eventually(async () => expect(await contentsOf(stage, id)).toMatchObject(nothing));
    expect(await copy()).toEqual({ kind: 'shredded' });
  });

  test('is compared with a repeated request while the operation is under way, and no longer after it', async () => {
    const key = { 'idempotency-key': randomUUID() };
    const { id, body } = await pausedRetry(stage, key);
    const repeated = async (patch: object) => (await stage.api.post('/api/operations', { ...body, patch }, key)).status;
    expect([await repeated(body.patch), await repeated({ from: 'another' })]).toEqual([200, 422]);
    await resume(stage, id);
    await ended(stage, id);
    await eventually(async () => expect((await contentsOf(stage, id)).keyId).toBeNull());
    expect(await repeated({ from: 'another' })).toBe(200);
  });

  test('is what an operation waits for in a process that cannot decrypt it', async () => {
    const { id } = await pausedRetry(stage);
    // As if it had been sealed with a key that is wrapped by another master key.
    await queryDatabase(stage.databaseUrl, 'UPDATE operations SET key_id = $2 WHERE id = $1', [id, randomUUID()]);
    await resume(stage, id);
    const hindrance = 'The patch cannot be decrypted with the PAYLOAD_KEYS of this process';
    await eventually(async () => expect(await read(stage, id)).toMatchObject({ status: 'running', hindrance }));
    await stage.api.post(`/api/operations/${id}/cancel`);
  });
});

describe('without encryption, what an operation puts into payloads', () => {
  const stage = useStage();

  test.each(['completed', 'cancelled'])('is shown as paths, and removed when the operation is %s', async (end) => {
    const { id } = await pausedRetry(stage);
    expect(await contentsOf(stage, id)).toMatchObject({ patch: expect.stringContaining(SECRET) as string });
    expect(JSON.stringify(await read(stage, id))).not.toContain(SECRET);
    await (end === 'completed' ? resume(stage, id) : stage.api.post(`/api/operations/${id}/cancel`));
    await ended(stage, id, end);
    expect(await stored(stage, id)).not.toContain(SECRET);
    expect((await read(stage, id)).patched).toEqual(['/from', '/cc/to']);
  });

  test('and the values by which it finds its jobs, are in no list and in no record', async () => {
    const type = `type-${randomUUID()}`;
    const projection = await JobProjection.open(stage.databaseUrl, undefined, new Map([[type, ['to']]]));
    await projection.tryAcquire();
    await projection.close();
    await failJob(stage.api, { type, message: 'no', payload: { to: SECRET } });
    await projectAll(stage.api.log, stage.databaseUrl);
    const search = [`to=${SECRET}`, `to^=${SECRET.slice(0, 5)}`];
    const body = { kind: 'replay', filter: { type, search }, patch: [SECRET] };
    const operation = await bodyOf<Operation & { total: number }>(stage.api.post('/api/operations', body));
    expect(operation).toMatchObject({ total: 1, filter: { type, search: ['to', 'to'] }, patched: [''] });
    await ended(stage, operation.id);
    await eventually(async () => expect(await stored(stage, operation.id)).toContain('succeeded'));
    expect(await stored(stage, operation.id)).not.toContain(SECRET.slice(0, 5));
  });
});
