import { randomBytes, randomUUID } from 'node:crypto';
import { eventually, queryDatabase } from '@jobstream/test-support';
import { describe, expect, test } from 'vitest';
import { announceWorker } from '../../../../testing/announceWorker.ts';
import { type ApiStage, useStage } from '../../../../testing/apiStage.ts';
import { projectAll } from '../../../../testing/projectAll.ts';
import { startApi } from '../../../../testing/startApi.ts';

interface Operation {
  readonly id: string;
  readonly status: string;
  readonly done: number;
  readonly failed: number;
}

async function bodyOf<Body>(response: Promise<Response>): Promise<Body> {
  return (await (await response).json()) as Body;
}

/** Jobs that were cancelled, in the table, in the order of their payloads. */
async function endedJobs({ api, databaseUrl }: ApiStage, payloads: readonly unknown[]) {
  const type = `type-${randomUUID()}`;
  const ids: string[] = [];
  for (const payload of payloads) {
    const { id } = await bodyOf<{ id: string }>(api.post('/api/jobs', { type, payload }));
    await api.post(`/api/jobs/${id}/cancel`);
    ids.push(id);
  }
  await projectAll(api.log, databaseUrl);
  return { ids, body: { kind: 'retry', filter: { type, status: 'cancelled' } }, type };
}

async function accept({ api }: ApiStage, body: object): Promise<Operation> {
  const response = await api.post('/api/operations', body);
  expect(response.status).toBe(202);
  return (await response.json()) as Operation;
}

const read = ({ api }: ApiStage, id: string) => bodyOf<Operation>(api.fetch(`/api/operations/${id}`));

async function ended(stage: ApiStage, id: string): Promise<Operation> {
  await eventually(async () => expect((await read(stage, id)).status).toBe('completed'));
  return read(stage, id);
}

async function payloadsOf({ api }: ApiStage, ids: readonly string[]): Promise<readonly unknown[]> {
  return Promise.all(ids.map(async (id) => (await api.log.readJob(id))?.job.payload));
}

const edits = [
  { op: 'rename', path: '/from', to: '/sender' },
  { op: 'setIfMissing', path: '/locale', value: 'en' },
  { op: 'remove', path: '/cc' },
];

describe('an operation', () => {
  const stage = useStage();

  test('renames, sets where missing and removes fields of payloads, whose values stay those of each job', async () => {
    const { ids, body } = await endedJobs(stage, [
      { from: 'a', cc: 'x' },
      { from: 'b', locale: 'de' },
      { from: 'c', sender: 'd' },
    ]);
    const { id } = await accept(stage, { ...body, edits, patch: { n: 1 } });
    expect(await ended(stage, id)).toMatchObject({
      done: 2,
      failed: 1,
      patched: ['/from', '/sender', '/locale', '/cc', '/n'],
      reasons: [{ outcome: 'failed', reason: '/sender is there already', count: 1 }],
    });
    expect(await payloadsOf(stage, ids)).toEqual([
      { sender: 'a', locale: 'en', n: 1 },
      { sender: 'b', locale: 'de', n: 1 },
      { from: 'c', sender: 'd' },
    ]);
  });

  test('replays with edits as well', async () => {
    const { ids, body } = await endedJobs(stage, [{ from: 'a' }]);
    const { id } = await accept(stage, { ...body, kind: 'replay', edits });
    await ended(stage, id);
    const path = `/api/operations/${id}/jobs`;
    const { items } = await bodyOf<{ items: { newJobId: string }[] }>(stage.api.fetch(path));
    expect(await payloadsOf(stage, [...ids, items[0]?.newJobId ?? ''])).toEqual([
      { from: 'a' },
      { sender: 'a', locale: 'en' },
    ]);
  });

  test('that is paused begins when it is resumed, and says before how many different values its patch replaces', async () => {
    const mails = ['a', 'b', 'c', 'd', 'e', 'f', 'f'];
    const payloads = [...mails.map((to) => ({ to, n: 1 })), { n: 1 }, { to: 'new', n: 1 }];
    const { ids, body } = await endedJobs(stage, payloads);
    const { id, status } = await accept(stage, { ...body, edits, patch: { to: 'new', n: 1, cc: null }, paused: true });
    expect(status).toBe('paused');
    await queryDatabase(stage.databaseUrl, 'DELETE FROM jobs WHERE id = $1', [ids[0]]);
    const replaced = await stage.api.fetch(`/api/operations/${id}/replaced`);
    const { fields, ...jobs } = (await replaced.json()) as { fields: { path: string }[] };
    expect({ ...jobs, fields: fields.toSorted((one, other) => other.path.length - one.path.length) }).toEqual({
      jobs: 9,
      gone: 1,
      sealed: 0,
      fields: [
        {
          path: '/to',
          jobs: 6,
          values: 5,
          missing: 1,
          examples: [
            { json: '"f"', jobs: 2 },
            ...['b', 'c', 'd', 'e'].map((mail) => ({ json: JSON.stringify(mail), jobs: 1 })),
          ],
        },
        { path: '/n', jobs: 0, values: 0, missing: 0, examples: [] },
      ],
    });
    expect(await read(stage, id)).toMatchObject({ status: 'paused', done: 0 });
    await stage.api.post(`/api/operations/${id}/resume`);
    await ended(stage, id);
    expect((await payloadsOf(stage, ids)).slice(1)).toEqual(
      payloads.slice(1).map(() => expect.objectContaining({ to: 'new' })),
    );
    const over = await stage.api.fetch(`/api/operations/${id}/replaced`);
    expect([over.status, await over.json()]).toEqual([409, expect.objectContaining({ title: 'Operation has ended' })]);
  });

  test('that was accepted paused is cancelled when nobody has begun it for a day, and one that was begun is not', async () => {
    const { body } = await endedJobs(stage, [{}]);
    const [unbegun, begun, young] = [
      await accept(stage, { ...body, paused: true, edits }),
      await accept(stage, { ...body, paused: true }),
      await accept(stage, { ...body, paused: true }),
    ];
    const { databaseUrl } = stage;
    await queryDatabase(databaseUrl, 'UPDATE operations SET fence = 1 WHERE id = $1', [begun.id]);
    const age = `UPDATE operations SET created_at = now() - interval '25 hours' WHERE id = ANY($1)`;
    await queryDatabase(databaseUrl, age, [[unbegun.id, begun.id]]);
    // A process that starts cleans up at once.
    await using _another = await startApi({ natsUrl: stage.nats.url, databaseUrl });
    await eventually(async () => expect((await read(stage, unbegun.id)).status).toBe('cancelled'));
    const all = await Promise.all([unbegun, begun, young].map(({ id }) => read(stage, id)));
    expect(all.map(({ status }) => status)).toEqual(['cancelled', 'paused', 'paused']);
    expect(all[0]).toHaveProperty('finishedAt');
    const [kept] = await queryDatabase(databaseUrl, 'SELECT patch, change FROM operations WHERE id = $1', [unbegun.id]);
    expect(kept).toEqual({ patch: null, change: null });
  });

  test('with edits leaves nothing of them when it is cancelled', async () => {
    const { body } = await endedJobs(stage, [{}]);
    const { id } = await accept(stage, { ...body, edits, paused: true });
    const kept = () => queryDatabase(stage.databaseUrl, 'SELECT change FROM operations WHERE id = $1', [id]);
    expect(await kept()).toEqual([{ change: { edits } }]);
    await stage.api.post(`/api/operations/${id}/cancel`);
    expect(await kept()).toEqual([{ change: null }]);
  });

  test('a dry run shows what becomes of the payload of a job, and why it would fail', async () => {
    const { ids, body, type } = await endedJobs(stage, [{ from: 'a' }, { from: 'b', sender: 'c' }]);
    const payloadSchema = { type: 'object', required: ['sender'], properties: { sender: { maxLength: 3 } } };
    await using _worker = await announceWorker(stage.api, { type, payloadSchema });
    const sampleOf = async (request: object) => {
      const response = await stage.api.post('/api/operations', { ...body, dryRun: true, ...request });
      return (await response.json()) as { sample?: unknown; errors?: unknown };
    };
    expect(await sampleOf({ edits, sample: 1 })).toMatchObject({
      matched: 2,
      sample: { id: ids[0], type, before: { from: 'a' }, after: { sender: 'a', locale: 'en' } },
    });
    expect(await sampleOf({ edits, sample: 0 })).toMatchObject({
      sample: { id: ids[1], before: { from: 'b', sender: 'c' }, refusal: '/sender is there already' },
    });
    await eventually(async () =>
      expect(await sampleOf({ patch: { sender: 'long' }, sample: 0 })).toMatchObject({
        sample: { after: { from: 'b', sender: 'long' }, refusal: expect.stringContaining('/sender') as string },
      }),
    );
    expect(await sampleOf({ edits, sample: 2 })).not.toHaveProperty('sample');
    expect(await sampleOf({ edits })).not.toHaveProperty('sample');
  });

  test.each([
    [{ edits: [] }, '/edits'],
    [{ edits: [{ op: 'move', path: '/a', to: '/b' }] }, '/edits/0'],
    [{ edits: [{ op: 'rename', path: 'a', to: '/b' }] }, '/edits/0/path'],
    [{ edits: [{ op: 'rename', path: '/a', to: '' }] }, '/edits/0/to'],
    [{ edits: [{ op: 'rename', path: '/a~2', to: '/b' }] }, '/edits/0/path'],
    [{ edits: [{ op: 'setIfMissing', path: '/a' }] }, '/edits/0/value'],
    [{ edits: Array.from({ length: 21 }, () => ({ op: 'remove', path: '/a' })) }, '/edits'],
    [{ kind: 'cancel', edits: [{ op: 'remove', path: '/a' }] }, '/edits'],
    [{ sample: 0 }, '/sample'],
    [{ sample: 20, dryRun: true }, '/sample'],
    [{ paused: 'yes' }, '/paused'],
  ])('%j is refused with a pointer to the mistake', async (request, pointer) => {
    const body = { kind: 'retry', filter: { all: true }, ...request };
    const response = await stage.api.post('/api/operations', body);
    const { errors } = (await response.json()) as { errors: readonly { pointer: string }[] };
    expect([response.status, errors.map((error) => error.pointer)]).toEqual([422, [pointer]]);
  });

  test('the audit log tells that payloads were changed, without the values', async () => {
    const { body } = await endedJobs(stage, [{}]);
    const secret = [{ op: 'setIfMissing', path: '/to', value: 'night@example.com' }];
    const { id } = await accept(stage, { ...body, edits: secret, paused: true });
    const text = `SELECT audit_log::text AS record FROM audit_log WHERE subject_id = $1::text`;
    const [row] = await queryDatabase(stage.databaseUrl, text, [id]);
    expect(String(row?.['record'])).toContain('patched');
    expect(String(row?.['record'])).not.toContain('night');
  });
});

describe('where payloads are encrypted', () => {
  const stage = useStage({ log: { masterKeys: [{ id: 'test', secret: randomBytes(32) }] } });

  test('edits are stored sealed, reach the payloads, and leave no key; what they have cannot be compared', async () => {
    const { ids, body } = await endedJobs(stage, [{ from: 'a' }, { from: 'b' }]);
    const { id } = await accept(stage, { ...body, edits, patch: { to: 'night@example.com' }, paused: true });
    const stored = () =>
      queryDatabase(stage.databaseUrl, 'SELECT operations::text FROM operations WHERE id = $1', [id]);
    expect(JSON.stringify(await stored())).not.toMatch(/night|setIfMissing/u);
    expect(await bodyOf(stage.api.fetch(`/api/operations/${id}/replaced`))).toMatchObject({
      jobs: 2,
      sealed: 2,
      fields: [{ path: '/to', jobs: 0, values: 0, missing: 0, examples: [] }],
    });
    const sampled = bodyOf(stage.api.post('/api/operations', { ...body, edits, dryRun: true, sample: 0 }));
    expect(await sampled).toMatchObject({ sample: { before: { from: 'b' }, after: { sender: 'b', locale: 'en' } } });
    await stage.api.post(`/api/operations/${id}/resume`);
    await ended(stage, id);
    expect(await payloadsOf(stage, ids)).toEqual(
      ['a', 'b'].map((sender) => ({ sender, locale: 'en', to: 'night@example.com' })),
    );
    const kept = 'SELECT change, key_id FROM operations WHERE id = $1';
    await eventually(async () =>
      expect(await queryDatabase(stage.databaseUrl, kept, [id])).toEqual([{ change: null, key_id: null }]),
    );
  });
});
