import { randomUUID } from 'node:crypto';
import { fold } from '@jobstream/domain';
import { forEachTest } from '@jobstream/test-support';
import { beforeEach, describe, expect, test } from 'vitest';
import { ProjectionFencedError, ReadModelUnavailableError } from '../errors.ts';
import { JobProjection } from './jobProjection.ts';
import type { ProjectableEntry } from './projectableEntry.ts';
import type { ReadModel } from '../readModel.ts';
import { entriesOf, JobEvents } from '../../testing/jobEvents.ts';
import { migratedDatabase } from '../../testing/migratedDatabase.ts';
import { openProjection } from '../../testing/openProjection.ts';

const database = forEachTest(migratedDatabase);
let readModel: ReadModel;

beforeEach(() => {
  ({ readModel } = database);
});

const malformed = (sequence: number, reason = 'not JSON'): ProjectableEntry => ({
  kind: 'malformed',
  sequence,
  recordedAt: '2026-01-01T00:00:00.000Z',
  subject: 'jobs.email.x.created',
  reason,
  body: Buffer.from('{"v"\0'),
});

function countsByStatus(): Promise<{ type: string; status: string; count: number }[]> {
  return database.query('SELECT type, status, count(*)::int AS count FROM jobs GROUP BY 1, 2 ORDER BY 1, 2');
}

async function expectCountsToAddUp(): Promise<void> {
  expect(await readModel.countJobs()).toEqual(await countsByStatus());
}

async function payloadAfterProjecting(payload: unknown): Promise<unknown> {
  await using projection = await openProjection(database.url);
  const job = new JobEvents();
  const event = job.next('JobCreated', { payload });
  await projection.apply(entriesOf([event], projection.lastSequence + 1));
  return (await readModel.findJob(job.jobId))?.job.payload;
}

describe('the projection', () => {
  test('folds many events of a job into one row', async () => {
    await using projection = await openProjection(database.url);
    const job = new JobEvents();
    const events = [
      job.next('JobCreated', { tags: ['a', 'b "c"', 'd\\e'], idempotencyKey: 'key', fingerprint: 'print' }),
      job.next('JobStarted', {}, { causationId: 'cause' }),
      job.next('JobProgressed', { percent: 12.5, message: 'half "way"' }),
      job.next('JobCompleted', { result: { ok: true } }),
    ];
    await projection.apply(entriesOf(events));
    expect(await readModel.findJob(job.jobId)).toStrictEqual({ job: fold(events), sequence: 4 });
    expect(projection.lastSequence).toBe(4);
    await expectCountsToAddUp();
  });

  test('folds events that arrive in several batches into the same row', async () => {
    await using projection = await openProjection(database.url);
    const job = new JobEvents();
    const events = [
      job.next('JobCreated'),
      job.next('JobStarted'),
      job.next('JobRetryScheduled'),
      job.next('JobStarted', { attempt: 2 }),
      job.next('JobFailed', { attempt: 2 }),
      job.next('JobRequeued'),
      job.next('JobCancelled'),
    ];
    for (const [index, event] of events.entries()) await projection.apply(entriesOf([event], index + 1));
    expect(await readModel.findJob(job.jobId)).toStrictEqual({ job: fold(events), sequence: 7 });
    await expectCountsToAddUp();
  });

  test('continues from the rows in a new process, which keep payload and result', async () => {
    const job = new JobEvents();
    const events = [
      job.next('JobCreated', { payload: { large: 'x'.repeat(10_000) } }),
      job.next('JobStarted'),
      job.next('JobCompleted', { result: [1, 2] }),
      job.next('JobCancelled'),
    ];
    for (const [index, event] of events.entries()) {
      await using projection = await openProjection(database.url);
      expect(projection.lastSequence).toBe(index);
      await projection.apply(entriesOf([event], index + 1));
    }
    expect(await readModel.findJob(job.jobId)).toStrictEqual({ job: fold(events), sequence: 3 });
    await expectCountsToAddUp();
  });

  test('writes rows that are readable in psql', async () => {
    await using projection = await openProjection(database.url);
    const job = new JobEvents();
    await projection.apply(entriesOf([job.next('JobCreated', { tags: ['x'] }), job.next('JobStarted')]));
    const [row] = await database.query('SELECT * FROM jobs');
    expect(row).toMatchObject({
      id: job.jobId,
      type: 'email',
      status: 'processing',
      payload: { to: 'user@example.com' },
      result: null,
      attempt: 1,
      max_attempts: 3,
      worker: 'worker-1',
      tags: ['x'],
      version: 2,
      last_sequence: '2',
      created_at: new Date('2026-01-01T00:00:01.000Z'),
      updated_at: new Date('2026-01-01T00:00:02.000Z'),
      started_at: new Date('2026-01-01T00:00:02.000Z'),
      finished_at: null,
    });
  });

  test('writes a batch with more text than fits one statement', async () => {
    await using projection = await openProjection(database.url);
    const payload = 'x'.repeat(1_000_000);
    const events = Array.from({ length: 40 }, () => new JobEvents().next('JobCreated', { payload }));
    await projection.apply(entriesOf(events));
    expect(await countsByStatus()).toEqual([{ type: 'email', status: 'pending', count: 40 }]);
    await expectCountsToAddUp();
  });

  test.each([1, 2])('ignores a second creation of a job, cached or not, as version %d', async (version) => {
    const job = new JobEvents();
    const [first, next] = [job.next('JobCreated', { payload: 1 }), job.next('JobCreated', { payload: 2 })];
    const second = { ...next, version };
    const other = new JobEvents().next('JobCreated');
    await using earlier = await openProjection(database.url);
    await earlier.apply(entriesOf([first]));
    await earlier.apply(entriesOf([second], 2));
    await earlier.close();
    await using projection = await openProjection(database.url);
    await projection.apply(entriesOf([other, second], 3));
    expect(await readModel.findJob(job.jobId)).toStrictEqual({ job: fold([first]), sequence: 1 });
    await expectCountsToAddUp();
  });

  test('writes no row for a job that was never created', async () => {
    await using projection = await openProjection(database.url);
    const job = new JobEvents();
    await projection.apply(entriesOf([job.next('JobStarted'), job.next('JobCompleted')]));
    expect(await readModel.findJob(job.jobId)).toBeUndefined();
    expect((await readModel.readCheckpoint())?.lastSequence).toBe(2);
  });

  test('reads rows again that were changed by hand', async () => {
    await using projection = await openProjection(database.url);
    const job = new JobEvents();
    const events = [job.next('JobCreated'), job.next('JobStarted'), job.next('JobCompleted')];
    await projection.apply(entriesOf(events.slice(0, 1)));
    await database.query(`UPDATE jobs SET version = 2, status = 'processing', attempt = 1`);
    await database.query(`UPDATE job_counts SET status = 'processing'`);
    await projection.apply(entriesOf(events.slice(2), 2));
    expect((await readModel.findJob(job.jobId))?.job).toMatchObject({ version: 3, status: 'completed' });
    await expectCountsToAddUp();
  });
});

describe('values that Postgres or JSON cannot represent directly', () => {
  test.each([
    ['the null character', { 'key\0': 'a\0b' }],
    ['half a surrogate pair', ['\ud83d', '\ude00']],
    ['the mark of such characters', '\ufdd0 \ufdd00000'],
    ['null', null],
    ['a number at the end of the range', [Number.MAX_VALUE, 5e-324, 2 ** 53, -(2 ** 53)]],
    ['keys that mean something to JavaScript', JSON.parse('{"__proto__":{"a":1},"constructor":null,"":0}')],
    ['quotes and backslashes', '"\\"{},NULL\\u0000'],
    ['nesting that Postgres still takes', JSON.parse('['.repeat(2_000) + ']'.repeat(2_000))],
  ])('%s is read as it was written', async (_name, payload) => {
    expect(await payloadAfterProjecting(payload)).toEqual(payload);
  });

  test('nesting that JSON.stringify cannot write is replaced by a note', async () => {
    const payload: unknown = JSON.parse('['.repeat(100_000) + ']'.repeat(100_000));
    expect(await payloadAfterProjecting(payload)).toBe('(nested too deep to be shown)');
  });

  test('a null result differs from no result', async () => {
    await using projection = await openProjection(database.url);
    const lives = [{ result: null }, {}].map((data) => {
      const job = new JobEvents();
      return [job.next('JobCreated'), job.next('JobStarted'), job.next('JobCompleted', data)] as const;
    });
    await projection.apply(entriesOf(lives.flat()));
    const [withNull, without] = await Promise.all(lives.map(([created]) => readModel.findJob(created.jobId)));
    expect(withNull?.job).toHaveProperty('result', null);
    expect(without?.job).not.toHaveProperty('result');
  });

  test('texts outside of JSON may contain any character', async () => {
    await using projection = await openProjection(database.url);
    const job = new JobEvents();
    const events = [
      job.next('JobCreated', {
        tags: ['t\0', '\ud800', 'NULL', '{}', ' ', '\t"\\\n'],
        idempotencyKey: '\0',
        fingerprint: '',
      }),
      job.next('JobStarted', { worker: 'w\0"\\.\r\n\\.\t\\N' }, { causationId: '\ufdd0' }),
    ];
    await projection.apply(entriesOf(events));
    expect((await readModel.findJob(job.jobId))?.job).toStrictEqual(fold(events));
    expect((await readModel.listJobs({ tag: 't\0', limit: 1 })).items).toHaveLength(1);
  });

  test('a job type that is an SQL keyword stays a text', async () => {
    await using projection = await openProjection(database.url);
    const job = new JobEvents({ jobType: 'null' });
    await projection.apply(entriesOf([job.next('JobCreated')]));
    expect(await readModel.countJobs()).toEqual([{ type: 'null', status: 'pending', count: 1 }]);
  });

  test('times are kept to the millisecond, from year 1 to 9999', async () => {
    await using projection = await openProjection(database.url);
    const [early, late] = [new JobEvents(), new JobEvents()];
    await projection.apply(
      entriesOf([
        early.next('JobCreated', {}, { at: '0001-01-01T00:00:00Z' }),
        late.next('JobCreated', {}, { at: '9999-12-31T23:59:59.999999999Z' }),
      ]),
    );
    expect((await readModel.findJob(early.jobId))?.job.createdAt).toBe('0001-01-01T00:00:00.000Z');
    expect((await readModel.findJob(late.jobId))?.job.createdAt).toBe('9999-12-31T23:59:59.999Z');
  });
});

describe('quarantine', () => {
  test('a malformed message is kept with its reason, and the rest of its batch is projected', async () => {
    await using projection = await openProjection(database.url);
    const job = new JobEvents();
    const [event] = entriesOf([job.next('JobCreated')], 1);
    const batch = [event, malformed(2, 'no "v"\0'), { kind: 'other', sequence: 3 } as const].filter((one) => !!one);
    expect(await projection.apply(batch)).toEqual({
      quarantined: [{ sequence: 2, reason: 'no "v"\0' }],
      ignored: [],
    });
    const rows = await database.query('SELECT sequence, subject, reason, body, recorded_at FROM quarantined_messages');
    expect(rows).toEqual([
      {
        sequence: '2',
        subject: 'jobs.email.x.created',
        reason: 'no "v"\ufdd00000',
        body: Buffer.from('{"v"\0'),
        recorded_at: new Date('2026-01-01T00:00:00.000Z'),
      },
    ]);
    expect(await readModel.findJob(job.jobId)).toBeDefined();
    expect((await readModel.readCheckpoint())?.lastSequence).toBe(3);
  });

  test('an event that Postgres refuses is isolated, and all others are projected', async () => {
    await database.query(`ALTER TABLE jobs ADD CONSTRAINT no_poison CHECK (type <> 'poison')`);
    await using projection = await openProjection(database.url);
    const events = Array.from({ length: 20 }, (_, index) =>
      new JobEvents({ jobType: index === 6 || index === 13 ? 'poison' : 'email' }).next('JobCreated'),
    );
    const { quarantined } = await projection.apply(entriesOf(events));
    expect(quarantined.map(({ sequence }) => sequence)).toEqual([7, 14]);
    expect(quarantined[0]?.reason).toContain('no_poison');
    expect(await countsByStatus()).toEqual([{ type: 'email', status: 'pending', count: 18 }]);
    await expectCountsToAddUp();
    expect(projection.lastSequence).toBe(20);
  });
});

test('events that change nothing are reported once they are committed, each once, also when a batch is folded again', async () => {
  await database.query(`ALTER TABLE jobs ADD CONSTRAINT no_poison CHECK (type <> 'poison')`);
  await using projection = await openProjection(database.url);
  const [poison, job] = [new JobEvents({ jobType: 'poison' }), new JobEvents()];
  const [created, started] = [job.next('JobCreated'), job.next('JobStarted')];
  const stray = { ...new JobEvents().next('JobStarted'), version: 2 };
  const first = projection.apply(entriesOf([created, started, poison.next('JobCreated'), started, stray]));
  const second = projection.apply(entriesOf([started, job.next('JobCompleted')], 6));
  expect((await first).ignored).toEqual([4, 5]);
  expect((await second).ignored).toEqual([6]);
});

describe('batches applied while others are being written', () => {
  test('continue from their outcome, even when Postgres refuses a part of it', async () => {
    await database.query(`ALTER TABLE jobs ADD CONSTRAINT no_poison CHECK (type <> 'poison')`);
    await using projection = await openProjection(database.url);
    const [poison, job] = [new JobEvents({ jobType: 'poison' }), new JobEvents()];
    const batches = [
      [poison.next('JobCreated'), job.next('JobCreated')],
      [job.next('JobStarted'), poison.next('JobStarted')],
      [job.next('JobCompleted', { result: 1 }), poison.next('JobCompleted')],
    ];
    const applied = await Promise.all(
      batches.map((events, index) => projection.apply(entriesOf(events, 1 + 2 * index))),
    );
    expect(applied.map(({ quarantined }) => quarantined.map(({ sequence }) => sequence))).toEqual([[1], [], []]);
    expect((await readModel.findJob(job.jobId))?.job).toMatchObject({ status: 'completed', version: 3, result: 1 });
    expect(projection.lastSequence).toBe(6);
    await expectCountsToAddUp();
  });

  test('continue from their rows, when these were read while Postgres refused a part of the batch before', async () => {
    await database.query(`ALTER TABLE jobs ADD CONSTRAINT no_poison CHECK (type <> 'poison')`);
    const [poison, job] = [new JobEvents({ jobType: 'poison' }), new JobEvents()];
    await using earlier = await openProjection(database.url);
    await earlier.apply(entriesOf([job.next('JobCreated')]));
    await earlier.close();
    await using projection = await openProjection(database.url);
    const batches = [[poison.next('JobCreated')], [job.next('JobStarted')]];
    const applied = await Promise.all(batches.map((events, index) => projection.apply(entriesOf(events, 2 + index))));
    expect(applied.map(({ quarantined }) => quarantined.map(({ sequence }) => sequence))).toEqual([[2], []]);
    expect((await readModel.findJob(job.jobId))?.job).toMatchObject({ status: 'processing', version: 2 });
    await expectCountsToAddUp();
  });

  test('change nothing when the transaction before them is not committed', async () => {
    await database.query(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      RAISE EXCEPTION 'not this one'; END $$`);
    await database.query(`CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON jobs DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW WHEN (new.type = 'poison') EXECUTE FUNCTION refuse()`);
    await using projection = await openProjection(database.url);
    const batches = ['poison', 'email', 'email'].map((jobType, index) =>
      entriesOf([new JobEvents({ jobType }).next('JobCreated')], index + 1),
    );
    const applied = await Promise.allSettled(batches.map((batch) => projection.apply(batch)));
    expect(applied.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(applied[0]).toMatchObject({ reason: { message: 'not this one' } });
    expect(applied[1]).toMatchObject({ reason: expect.any(ProjectionFencedError) as unknown });
    expect(projection.lastSequence).toBe(0);
    expect(await countsByStatus()).toEqual([]);
  });

  test('are all rejected once one of them was', async () => {
    await using projection = await openProjection(database.url);
    await database.query('UPDATE projection_checkpoints SET generation = generation + 1');
    const batches = [1, 2].map((sequence) => entriesOf([new JobEvents().next('JobCreated')], sequence));
    const applied = await Promise.allSettled(batches.map((batch) => projection.apply(batch)));
    expect(applied.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await readModel.countJobs()).toEqual([]);
  });
});

describe('one writer', () => {
  test('a second projection gets the lock once the first has closed, and continues from its checkpoint', async () => {
    const first = await openProjection(database.url);
    await using second = Object.assign(await JobProjection.open(database.url), {
      [Symbol.asyncDispose]: () => second.close(),
    });
    expect(await second.tryAcquire()).toBe(false);
    await first.apply(entriesOf([new JobEvents().next('JobCreated')]));
    await first.close();
    expect(await second.tryAcquire()).toBe(true);
    expect(second.lastSequence).toBe(1);
  });

  test('a writer whose checkpoint was moved by another writes nothing', async () => {
    await using projection = await openProjection(database.url);
    await projection.apply(entriesOf([new JobEvents().next('JobCreated')]));
    await database.query('UPDATE projection_checkpoints SET last_sequence = 10');
    const job = new JobEvents();
    const applied = projection.apply(entriesOf([job.next('JobCreated')], 2));
    await expect(applied).rejects.toThrow(ProjectionFencedError);
    expect(await readModel.findJob(job.jobId)).toBeUndefined();
    expect((await readModel.readCheckpoint())?.lastSequence).toBe(10);
    await expectCountsToAddUp();
  });

  test('a projection whose connection is cut is notified, and cannot write any more', async () => {
    await using projection = await openProjection(database.url);
    const ended = new Promise((resolve) => projection.ended.addEventListener('abort', resolve, { once: true }));
    await database.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'jobstream-projector'`);
    await ended;
    const applied = projection.apply(entriesOf([new JobEvents().next('JobCreated')]));
    await expect(applied).rejects.toThrow(ReadModelUnavailableError);
  });

  test('messages that are applied again are skipped', async () => {
    await using projection = await openProjection(database.url);
    const job = new JobEvents();
    const entries = entriesOf([job.next('JobCreated'), job.next('JobStarted')]);
    await projection.apply(entries);
    await projection.apply(entries);
    await projection.apply([...entries, malformed(3)]);
    expect((await readModel.findJob(job.jobId))?.job.version).toBe(2);
    await expectCountsToAddUp();
  });

  test('an unknown job is not found', async () => {
    expect(await readModel.findJob(randomUUID())).toBeUndefined();
    expect(await readModel.readCheckpoint()).toBeUndefined();
  });
});
