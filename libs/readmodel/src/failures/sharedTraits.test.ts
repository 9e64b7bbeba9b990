import { forEachTest } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { entriesOf, JobEvents } from '../../testing/jobEvents.ts';
import { migratedDatabase } from '../../testing/migratedDatabase.ts';
import { openProjection } from '../../testing/openProjection.ts';
import { QueryTooExpensiveError } from '../errors.ts';
import { failureGroup } from '../jobs/failureGroup.ts';
import { type SharedTraitsQuery, tellingTraits } from './sharedTraits.ts';

const database = forEachTest(migratedDatabase);

const at = (minute: number) => new Date(Date.UTC(2026, 0, 1) + minute * 60_000).toISOString();
const error = { name: 'Error', message: 'no such field' };

interface Past {
  readonly end?: 'JobFailed' | 'JobCompleted' | 'JobCancelled' | 'JobReleased';
  readonly message?: string;
  readonly tags?: readonly string[];
  readonly workerVersion?: string;
  readonly jobType?: string;
  readonly tenant?: string;
  readonly minute?: number;
}

/** Stores so many jobs with this past. */
async function store(count: number, { end = 'JobFailed', message, tags = [], workerVersion, ...past }: Past) {
  await using projection = await openProjection(database.url);
  const { jobType = 'email', tenant, minute = 1 } = past;
  const envelope = { at: at(minute), ...(tenant === undefined ? {} : { tenant }) };
  const events = Array.from({ length: count }, () => {
    const job = new JobEvents({ jobType });
    return [
      job.next('JobCreated', { tags }, envelope),
      job.next('JobStarted', workerVersion === undefined ? {} : { workerVersion }, envelope),
      job.next(end, end === 'JobFailed' ? { error: { ...error, message: message ?? error.message } } : {}, envelope),
    ];
  });
  await projection.apply(entriesOf(events.flat(), projection.lastSequence + 1));
}

function sharedBy(query: Partial<SharedTraitsQuery> = {}) {
  const failure = failureGroup({ status: 'failed', type: 'email', error }) ?? '';
  return database.readModel.readSharedTraits({ failure, from: at(0), ...query });
}

test('what the jobs of a group share and others of the type do not is named, with counts', async () => {
  await store(3, { tags: ['release:2.4.0', 'customer:globex', 'nightly'], workerVersion: '2.4.0' });
  await store(1, { tags: ['release:2.4.0', 'nightly'], workerVersion: '2.4.0' });
  await store(2, { end: 'JobCompleted', tags: ['release:2.3.0', 'nightly'], workerVersion: '2.3.0' });
  await store(2, { message: 'mailbox full', tags: ['customer:globex', 'nightly'] });
  await store(5, { jobType: 'sms', tags: ['release:2.4.0'], workerVersion: '2.4.0' });
  expect(await sharedBy()).toEqual({
    jobs: 4,
    others: 4,
    traits: [
      { kind: 'workerVersion', value: '2.4.0', count: 4, elsewhere: 0 },
      { kind: 'tag', value: 'release:2.4.0', count: 4, elsewhere: 0 },
    ],
  });
});

test('jobs that wait or were cancelled are none of the others', async () => {
  await store(2, { tags: ['new'] });
  await store(1, { end: 'JobCompleted' });
  for (const end of ['JobReleased', 'JobCancelled'] as const) await store(2, { end, tags: ['new'] });
  expect(await sharedBy()).toMatchObject({ jobs: 2, others: 1, traits: [{ value: 'new', count: 2, elsewhere: 0 }] });
});

test('only what failed in the window counts, and the jobs of the tenant', async () => {
  await store(2, { tags: ['a'], tenant: 'acme' });
  await store(2, { tags: ['b'], tenant: 'globex', minute: 2 });
  await store(1, { end: 'JobCompleted', tenant: 'globex' });
  expect(await sharedBy({ tenant: 'acme' })).toMatchObject({ jobs: 2, others: 0, traits: [{ value: 'a' }] });
  expect(await sharedBy({ tenant: 'globex' })).toMatchObject({ jobs: 2, others: 1, traits: [{ value: 'b' }] });
  expect(await sharedBy({ from: at(2) })).toMatchObject({ jobs: 2, traits: [{ value: 'b', count: 2 }] });
});

test('a group without jobs shares nothing, nor does one of jobs without tags and versions', async () => {
  expect(await sharedBy()).toEqual({ jobs: 0, others: 0, traits: [] });
  await store(2, {});
  expect(await sharedBy()).toEqual({ jobs: 2, others: 0, traits: [] });
});

test('a tag is one of a job however often it has it, and is told as it was written', async () => {
  const tag = 'a\u0000b';
  await store(2, { tags: [tag, tag] });
  expect((await sharedBy()).traits).toEqual([{ kind: 'tag', value: tag, count: 2, elsewhere: 0 }]);
});

test('the newest 1,000 jobs of the group and of the others are looked at', async () => {
  await store(2, { tags: ['old'], minute: 1 });
  await store(1_000, { tags: ['new'], minute: 2 });
  await store(2, { end: 'JobCompleted', tags: ['new'], minute: 1 });
  await store(1_000, { end: 'JobCompleted', minute: 2 });
  expect(await sharedBy()).toEqual({
    jobs: 1_000,
    others: 1_000,
    traits: [{ kind: 'tag', value: 'new', count: 1_000, elsewhere: 0 }],
  });
});

test('a query that reaches the time limit is refused as too expensive', async () => {
  await database.query('BEGIN; LOCK TABLE jobs');
  const query = { failure: '0'.repeat(16), from: at(0) };
  await expect(database.impatient.readSharedTraits(query)).rejects.toThrow(QueryTooExpensiveError);
  await database.query('ROLLBACK');
});

const named = (value: string, count: number, elsewhere: number) => ({ kind: 'tag', value, count, elsewhere }) as const;
const trait = (count: number, elsewhere: number) => named('t', count, elsewhere);

test.each([
  ['half of the jobs have it', trait(2, 0), { jobs: 4, others: 4 }, true],
  ['fewer have it', trait(2, 0), { jobs: 5, others: 4 }, false],
  ['others have it less than half as often', trait(4, 4), { jobs: 4, others: 9 }, true],
  ['others have it half as often', trait(4, 4), { jobs: 4, others: 8 }, false],
  ['there are no others', trait(4, 0), { jobs: 4, others: 0 }, true],
  ['there is one job', trait(1, 0), { jobs: 1, others: 8 }, false],
])('whether a trait is telling where %s', (_case, one, numbers, isTelling) => {
  expect(tellingTraits([one], numbers)).toEqual(isTelling ? [one] : []);
});

test('the most telling traits come first, by name where they are equal, and twenty at most', () => {
  const traits = [named('c', 3, 0), named('b', 4, 1), named('z', 4, 0), named('a', 4, 0)];
  const found = tellingTraits(traits, { jobs: 4, others: 10 });
  expect(found.map(({ value }) => value)).toEqual(['a', 'z', 'b', 'c']);
  const many = Array.from({ length: 30 }, (_, index) => named(String(index), 4, 0));
  expect(tellingTraits(many, { jobs: 4, others: 10 })).toHaveLength(20);
});
