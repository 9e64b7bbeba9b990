import { forEachTest } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { entriesOf, JobEvents } from '../../testing/jobEvents.ts';
import { migratedDatabase } from '../../testing/migratedDatabase.ts';
import { openProjection } from '../../testing/openProjection.ts';
import { QueryTooExpensiveError } from '../errors.ts';
import type { FailuresQuery } from './readFailures.ts';

const database = forEachTest(migratedDatabase);

const at = (minute: number) => new Date(Date.UTC(2026, 0, 1) + minute * 60_000).toISOString();
const hour: FailuresQuery = { from: at(0), resolution: 'minute', limit: 10 };

interface Failing {
  readonly minute: number;
  readonly message?: string;
  readonly jobType?: string;
  readonly tenant?: string;
  readonly retried?: true;
}

/** Stores a job that fails at this minute; returns its id. */
async function fail({ minute, message = 'no route to 10.0.0.1', jobType = 'email', tenant, retried }: Failing) {
  await using projection = await openProjection(database.url);
  const job = new JobEvents({ jobType });
  const envelope = { at: at(minute), ...(tenant === undefined ? {} : { tenant }) };
  const error = { name: 'Error', message, code: 'ENET' };
  const events = [
    job.next('JobCreated', {}, envelope),
    job.next('JobStarted', {}, envelope),
    job.next('JobFailed', { error }, envelope),
    ...(retried === true ? [job.next('JobRequeued', {}, envelope)] : []),
  ];
  await projection.apply(entriesOf(events, projection.lastSequence + 1));
  return job.jobId;
}

test('failures are grouped, the largest group first, with counts over time and the last job', async () => {
  await fail({ minute: 1, message: 'no route to 10.0.0.1' });
  await fail({ minute: 1, message: 'no route to 10.0.0.2' });
  const last = await fail({ minute: 3, message: 'no route to 10.9.9.9' });
  const other = await fail({ minute: 2, message: 'mailbox full' });
  await fail({ minute: 2, message: 'mailbox full', retried: true });
  await fail({ minute: -1 });
  const { groups, ...rest } = await database.readModel.readFailures(hour);
  expect(rest).toEqual({ total: 4, isComplete: true, ungrouped: 0 });
  expect(groups).toMatchObject([
    {
      count: 3,
      firstAt: at(1),
      lastAt: at(3),
      lastJob: { id: last, type: 'email', error: { code: 'ENET', message: 'no route to 10.9.9.9' } },
      series: [
        { at: at(1), count: 2 },
        { at: at(3), count: 1 },
      ],
    },
    { count: 1, lastJob: { id: other }, series: [{ at: at(2), count: 1 }] },
  ]);
  expect(groups[1]?.id).toMatch(/^email-error-enet-mailbox-full-[0-9a-f]{16}$/);
  const listed = await database.readModel.listJobs({ limit: 10, failure: groups[1]?.id, finishedAfter: at(0) });
  expect(listed.items.map(({ id }) => id)).toEqual([other]);
  const byDigest = await database.readModel.listJobs({ limit: 10, failure: groups[1]?.id.slice(-16) });
  expect(byDigest.items.map(({ id }) => id)).toEqual([other]);
});

test('failures are narrowed by type, tenant and number of groups', async () => {
  for (const jobType of ['email', 'sms', 'push']) await fail({ minute: 1, jobType });
  const ours = await fail({ minute: 2, tenant: 'acme' });
  await fail({ minute: 3, tenant: 'globex' });
  const groupsOf = async (query: Partial<FailuresQuery>) =>
    (await database.readModel.readFailures({ ...hour, ...query })).groups;
  expect((await groupsOf({ type: ['sms', 'push'] })).map(({ lastJob }) => lastJob.type).toSorted()).toEqual([
    'push',
    'sms',
  ]);
  expect(await groupsOf({ limit: 1 })).toMatchObject([{ count: 3, lastJob: { type: 'email' } }]);
  expect(await groupsOf({ tenant: 'acme' })).toMatchObject([{ count: 1, lastJob: { id: ours } }]);
  expect(await groupsOf({ tenant: 'nobody' })).toEqual([]);
  const [group] = await groupsOf({ tenant: 'acme' });
  const { items } = await database.readModel.listJobs({ limit: 10, tenant: 'acme', failure: group?.id });
  expect(items.map(({ id }) => id)).toEqual([ours]);
});

test('what failed before groups were introduced is counted apart', async () => {
  await fail({ minute: 1 });
  await database.query('UPDATE jobs SET failure = NULL');
  await fail({ minute: 2 });
  expect(await database.readModel.readFailures(hour)).toMatchObject({ total: 2, ungrouped: 1, groups: [{ count: 1 }] });
});

test('a query that reaches the time limit is refused as too expensive', async () => {
  await database.query('BEGIN; LOCK TABLE jobs');
  await expect(database.impatient.readFailures(hour)).rejects.toThrow(QueryTooExpensiveError);
  await database.query('ROLLBACK');
});

test('a period and a group are read from their indexes', async () => {
  await database.query('SET enable_seqscan = off');
  const planOf = async (text: string) =>
    (await database.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${text}`)).map((line) => line['QUERY PLAN']).join('\n');
  const ofPeriod = `SELECT failure FROM jobs WHERE status = 'failed' AND finished_at >= now() ORDER BY finished_at DESC LIMIT 9`;
  expect(await planOf(ofPeriod)).toMatch(/Index Only Scan using jobs_failures /);
  const ofGroup = `SELECT * FROM jobs WHERE failure = 'a' AND status = 'failed' ORDER BY created_at DESC, id DESC LIMIT 9`;
  const plan = await planOf(ofGroup);
  expect(plan).toContain('jobs_newest_of_failure');
  expect(plan).not.toContain('Sort');
});
