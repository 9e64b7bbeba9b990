import { randomUUID } from 'node:crypto';
import { encodeJobEvent, type JobEvent } from '@jobstream/domain';
import { publishFirst, publishRaw } from '@jobstream/eventlog/testing/publishRaw';
import type { Difference } from '@jobstream/readmodel';
import { forEachTest, newJob } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { appendLife, finishLife, startLoad } from '../../testing/jobLoad.ts';
import { projectorStage } from '../../testing/projectorStage.ts';
import { startProjector } from '../../testing/startProjector.ts';
import type { Progress } from '../tasks/progressMeter.ts';
import { describeUnreadable } from '../tasks/describeDifference.ts';
import { describeIgnored } from './runVerify.ts';
import { verifyTables } from './verifyTables.ts';

const stage = forEachTest(projectorStage);

interface Change {
  readonly repair?: boolean;
  readonly patienceMs?: number;
  readonly onProgress?: (progress: Progress) => void;
}

async function verify({ repair = false, patienceMs = 30_000, onProgress = () => {} }: Change = {}) {
  const differences: Difference[] = [];
  const { eventLog, databaseUrl } = stage;
  const stop = new AbortController().signal;
  const onDifference = (one: Difference) => void differences.push(one);
  const found = await verifyTables({ eventLog, databaseUrl, repair, stop, onProgress, onDifference, patienceMs });
  return { ...found, differences };
}

/** Keeps what is reported. */
function progress() {
  const reports: Progress[] = [];
  const doneIn = (wanted: Progress['step']) =>
    reports.filter(({ step }) => step === wanted).map(({ done, total }) => `${done} of ${total}`);
  return { onProgress: (report: Progress) => void reports.push(report), doneIn };
}

/** Some jobs in the log and in the table; returns the id of one. */
async function projectSomeJobs(): Promise<string> {
  await using _projector = await startProjector(stage);
  const [first = ''] = await Promise.all(Array.from({ length: 5 }, () => appendLife(stage.eventLog)));
  await stage.projectedAll();
  return first;
}

async function verifySchemas(): Promise<unknown[]> {
  return stage.sql(`SELECT nspname FROM pg_namespace WHERE nspname = 'jobstream_verify'`);
}

test(
  'a table that matches the log has no differences, and the verification leaves nothing behind',
  { tags: ['exact'] },
  async () => {
    await projectSomeJobs();
    expect(await verify()).toEqual({
      position: 15,
      end: 15,
      lags: false,
      jobs: 5,
      differences: [],
      repairedJobs: 0,
      past: 'not kept',
      unreadable: { total: 0, first: [] },
      ignored: { total: 0, first: [] },
    });
    expect(await verifySchemas()).toEqual([]);
  },
);

test('fields that were changed by hand are found by id and name, and repaired', async () => {
  const job = await projectSomeJobs();
  await stage.sql(`UPDATE jobs SET status = 'failed', worker = NULL, payload = '{"to": 1}' WHERE id = '${job}'`);
  const { differences } = await verify();
  const same = { table: 'jobs', key: job, problem: 'different' };
  expect(differences).toEqual([
    { ...same, field: 'payload', live: '{"to": 1}', log: '{"to": "user@example.com"}' },
    { ...same, field: 'status', live: 'failed', log: 'completed' },
    { ...same, field: 'worker', live: null, log: 'worker-1' },
  ]);
  const { onProgress, doneIn } = progress();
  expect(await verify({ repair: true, onProgress })).toMatchObject({ differences, repairedJobs: 1 });
  expect(doneIn('repairing')).toEqual(['0 of 1', '1 of 1']);
  expect((await verify()).differences).toEqual([]);
  expect((await stage.readModel.findJob(job))?.job.status).toBe('completed');
});

test('a JSON null in the place of no value is a difference', async () => {
  const job = await projectSomeJobs();
  await stage.sql(`UPDATE jobs SET result = 'null' WHERE id = '${job}'`);
  expect((await verify()).differences).toMatchObject([{ key: job, field: 'result', live: 'null', log: null }]);
});

test('a row that is missing is found, and made again', async () => {
  const job = await projectSomeJobs();
  await stage.sql(`DELETE FROM jobs WHERE id = '${job}'`);
  expect((await verify({ repair: true })).differences).toMatchObject([{ table: 'jobs', key: job, problem: 'missing' }]);
  expect((await verify()).differences).toEqual([]);
});

test('a row that is in no log is found, and removed', async () => {
  const [job, strange] = [await projectSomeJobs(), randomUUID()];
  await stage.sql(`CREATE TEMP TABLE one AS SELECT * FROM jobs WHERE id = '${job}';
    UPDATE one SET id = '${strange}'; INSERT INTO jobs SELECT * FROM one`);
  const { onProgress, doneIn } = progress();
  const { differences } = await verify({ repair: true, onProgress });
  expect(differences).toMatchObject([{ table: 'jobs', key: strange, problem: 'extra' }]);
  expect(doneIn('comparing').at(-1)).toBe('6 of 6');
  expect((await verify()).differences).toEqual([]);
});

test('a repair that fails at its end has not been reported as done', async () => {
  await projectSomeJobs();
  await stage.sql(`UPDATE job_counts SET count = 7;
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no counts'; END $$;
    CREATE TRIGGER refuse BEFORE INSERT OR UPDATE OR DELETE ON job_counts FOR EACH ROW EXECUTE FUNCTION refuse()`);
  const { onProgress, doneIn } = progress();
  await expect(verify({ repair: true, onProgress })).rejects.toThrow('no counts');
  expect(doneIn('repairing')).toEqual([]);
});

test('statistics that a migration left incomplete are complete after a repair', async () => {
  await projectSomeJobs();
  await stage.sql("INSERT INTO job_statistics_gaps VALUES ('0005_statistics', now()); DELETE FROM job_statistics");
  expect((await verify({ repair: true })).differences).toContainEqual(
    expect.objectContaining({ table: 'job_statistics', problem: 'missing' }),
  );
  expect(await stage.sql('SELECT migration FROM job_statistics_gaps')).toEqual([]);
  expect((await verify()).differences).toEqual([]);
});

test('wrong counts are found, and corrected', async () => {
  await projectSomeJobs();
  await stage.sql(
    `UPDATE job_counts SET count = 7 WHERE status = 'completed';
      INSERT INTO job_counts (type, status, count) VALUES ('x', 'failed', 1)`,
  );
  const same = { table: 'job_counts', problem: 'different', field: 'count' };
  const expected = [
    { ...same, key: 'email completed', live: '7', log: '5' },
    { ...same, key: 'x failed', live: '1', log: '0' },
  ];
  expect((await verify({ repair: true })).differences).toEqual(expected);
  expect((await verify()).differences).toEqual([]);
  expect(await stage.readModel.countJobs()).toEqual([{ type: 'email', status: 'completed', count: 5 }]);
});

test('quarantined messages are compared as well, and correct ones stay', async () => {
  await using _projector = await startProjector(stage);
  for (let made = 0; made < 3; made++) await stage.createJob({ data: { payload: 1 } });
  await stage.projectedAll();
  const before = await stage.sql('SELECT quarantined_at FROM quarantined_messages WHERE sequence = 1');
  await stage.sql(`DELETE FROM quarantined_messages WHERE sequence = 2;
    UPDATE quarantined_messages SET reason = 'no reason' WHERE sequence = 3`);
  expect((await verify({ repair: true })).differences).toMatchObject([
    { table: 'quarantined_messages', key: '2', problem: 'missing' },
    { table: 'quarantined_messages', key: '3', field: 'reason', live: 'no reason' },
  ]);
  expect((await verify()).differences).toEqual([]);
  expect(await stage.sql('SELECT quarantined_at FROM quarantined_messages WHERE sequence = 1')).toEqual(before);
});

test('jobs with events of a newer release are named, and are no differences', async () => {
  await using _projector = await startProjector(stage);
  const id = await appendLife(stage.eventLog, 1);
  const started = { ...newJob(undefined, 'email'), v: 2, event: 'JobStarted', jobId: id, version: 2 };
  await stage.eventLog.append(started as unknown as JobEvent, 1);
  await stage.projectedAll();
  const found = await verify();
  expect(found).toMatchObject({ position: 2, differences: [], unreadable: { total: 1, first: [{ id, events: 1 }] } });
  expect(describeUnreadable(found.unreadable)).toEqual([
    `job ${id}: 1 of its events can only be read by a newer release`,
    '1 job is compared as far as this release can read it.',
  ]);
  await stage.sql(`UPDATE jobs SET unreadable_events = NULL`);
  expect((await verify()).differences).toMatchObject([{ key: id, field: 'unreadable_events', live: null, log: '1' }]);
});

test.each([
  { token: 'created', v: 2, event: 'JobCreated' },
  { token: 'enlisted', v: 1, event: 'JobEnlisted' },
])(
  'a job that a newer release began ($event) is named, and its later events do not count as ignored',
  async (first) => {
    await using _projector = await startProjector(stage);
    const created = newJob(undefined, 'email');
    await publishFirst(stage.nats.url, { ...created, ...first });
    const started = { ...created, event: 'JobStarted', version: 2, data: { attempt: 1, worker: 'worker-1' } };
    await stage.eventLog.append(started as JobEvent, 1);
    await stage.projectedAll();
    const found = await verify();
    const marked = [{ id: created.jobId, events: 1, hasRow: false }];
    expect(found).toMatchObject({
      jobs: 0,
      differences: [],
      unreadable: { total: 1, first: marked },
      ignored: { total: 0 },
    });
    expect(describeUnreadable(found.unreadable)[0]).toBe(
      `job ${created.jobId}: 1 of its events can only be read by a newer release, also its creation: it is not in the table`,
    );
    expect(await stage.readModel.countUnreadableJobs()).toBe(1);
  },
);

test('messages that change nothing are counted, and the first are named, but they are no differences', async () => {
  await using _projector = await startProjector(stage);
  const id = await appendLife(stage.eventLog);
  const [created, started] = await stage.eventLog.readHistory(id);
  if (created === undefined || started === undefined) throw new Error('the job is not in the log');
  const prefix = `jobs.email.${id}`;
  await publishRaw(stage.nats.url, `${prefix}.created`, encodeJobEvent(created.event));
  await stage.eventLog.append(started.event, 4);
  await publishRaw(stage.nats.url, `${prefix}.progressed`, 'junk');
  for (let count = 0; count < 30; count++)
    await publishRaw(stage.nats.url, `${prefix}.started`, encodeJobEvent(started.event));
  await appendLife(stage.eventLog);
  await stage.projectedAll();
  const { ignored, differences, jobs } = await verify();
  expect({ jobs, differences, total: ignored.total, named: ignored.first.length }).toEqual({
    jobs: 2,
    differences: [],
    total: 33,
    named: 20,
  });
  const copy = 'a copy, or an event that the state of its job does not allow';
  expect(ignored.first.slice(0, 4)).toEqual([
    {
      sequence: 4,
      subject: `${prefix}.created`,
      reason: expect.stringContaining('has not compared') as unknown,
    },
    { sequence: 5, subject: `${prefix}.started`, reason: copy },
    { sequence: 6, subject: `${prefix}.progressed`, reason: expect.stringContaining('not JSON') as unknown },
    { sequence: 7, subject: `${prefix}.started`, reason: copy },
  ]);
  expect(describeIgnored(ignored).slice(-2)).toEqual([
    `message 23 on ${prefix}.started is ignored: ${copy}`,
    '33 messages on subjects of jobs are ignored by every fold, of which the first 20 are named.',
  ]);
});

test('more differences than fit in memory at once are all reported and repaired', async () => {
  await using _projector = await startProjector(stage);
  await Promise.all(Array.from({ length: 5_000 }, () => appendLife(stage.eventLog, 1)));
  await stage.projectedAll();
  await stage.sql('UPDATE jobs SET timeout_ms = 1');
  const found = await verify({ repair: true });
  expect(new Set(found.differences.map(({ key }) => key)).size).toBe(5_000);
  expect(found.repairedJobs).toBe(5_000);
  expect((await verify()).differences).toEqual([]);
});

test(
  'while jobs are written the comparison is exact, and a repair does not lose what happens meanwhile',
  { tags: ['exact'] },
  async () => {
    await using _projector = await startProjector(stage);
    const open = await appendLife(stage.eventLog, 1);
    await stage.projected(open);
    await using load = startLoad(stage.eventLog);
    expect((await verify()).differences).toEqual([]);
    await stage.sql(`UPDATE jobs SET max_attempts = 99 WHERE id = '${open}'`);
    expect((await verify({ repair: true })).differences).toMatchObject([{ key: open, field: 'max_attempts' }]);
    await finishLife(stage.eventLog, open);
    await load.stop();
    await stage.projectedAll();
    expect((await verify()).differences).toEqual([]);
    expect((await stage.readModel.findJob(open))?.job).toMatchObject({ status: 'completed', maxAttempts: 3 });
  },
);

test('a table that no projector brings to the end of the log is compared as far as it is, and lags', async () => {
  await projectSomeJobs();
  await appendLife(stage.eventLog);
  expect(await verify({ patienceMs: 100 })).toMatchObject({ position: 15, end: 18, lags: true, differences: [] });
});

test('a fresh database beside a full log lags', async () => {
  await appendLife(stage.eventLog);
  expect(await verify({ patienceMs: 100 })).toMatchObject({ position: 0, end: 3, lags: true, jobs: 0 });
});

test('a table whose projector catches up does not lag', async () => {
  await Promise.all(Array.from({ length: 5 }, () => appendLife(stage.eventLog)));
  const verified = verify();
  await using _projector = await startProjector(stage);
  expect(await verified).toMatchObject({ position: 15, end: 15, lags: false });
});

test('a table of another log is refused', async () => {
  await projectSomeJobs();
  await stage.sql('UPDATE projection_checkpoints SET last_sequence = 16');
  await expect(verify({ patienceMs: 100 })).rejects.toThrow('the read model is at sequence 16, but the log ends at 15');
});

test('steps that the log has not are found, and removed by a repair', async () => {
  const job = await projectSomeJobs();
  await stage.sql(`INSERT INTO job_steps VALUES ('${job}', 'charge', '', 1, now(), 1, NULL, NULL)`);
  expect((await verify({ repair: true })).differences).toMatchObject([{ table: 'job_steps', key: job }]);
  expect(await stage.sql('SELECT name FROM job_steps')).toEqual([]);
  expect((await verify()).differences).toEqual([]);
});
