import { randomUUID } from 'node:crypto';
import type { JobEvent } from '@jobstream/domain';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { entriesOf, JobEvents } from '../testing/jobEvents.ts';
import { migratedDatabase, type MigratedDatabase } from '../testing/migratedDatabase.ts';
import { openProjection } from '../testing/openProjection.ts';
import { AuditLog } from './audit/auditLog.ts';
import type { Page } from './jobs/jobPage.ts';
import { jobSorts } from './jobs/jobSort.ts';
import { Operations } from './operations/operations.ts';
import { PastProjection } from './past/pastProjection.ts';

const id = randomUUID();
const actor = { kind: 'user', id: 'test' } as const;
let database: MigratedDatabase;
let operations: Operations;
let auditLog: AuditLog;

function lifeOf(job: JobEvents): JobEvent[] {
  return [job.next('JobCreated'), job.next('JobStarted'), job.next('JobCompleted')];
}

/** Two of everything that is listed. */
beforeAll(async () => {
  database = await migratedDatabase();
  const { url } = database;
  operations = new Operations({ databaseUrl: url, name: 'test', queryMs: 30_000 });
  auditLog = new AuditLog({ databaseUrl: url, name: 'test', queryMs: 30_000 });
  const entries = entriesOf([...lifeOf(new JobEvents()), ...lifeOf(new JobEvents())]);
  await using projection = await openProjection(url);
  await projection.apply(entries);
  const past = await PastProjection.open(url);
  await past.tryAcquire();
  await past.apply(entries);
  await past.close();
  await database.query(`INSERT INTO operations (id, kind, status, actor, filter)
    SELECT unnest(ARRAY['${id}', '${randomUUID()}']::uuid[]), 'retry', 'running', '${JSON.stringify(actor)}', '{}'`);
  await database.query(`INSERT INTO operation_jobs (operation_id, position, job_id, job_type, job_version)
    SELECT '${id}', position, gen_random_uuid(), 'email', 1 FROM generate_series(1, 2) AS position`);
  for (const subjectKind of ['job', 'key']) {
    const at = new Date().toISOString();
    await auditLog.write({ id: randomUUID(), at, actor, action: 'a', subjectKind, outcome: 'succeeded' });
  }
});

afterAll(async () => {
  await Promise.all([operations.stop(), auditLog.stop()]);
  await database[Symbol.asyncDispose]();
});

type ListSome = (limit: number) => Promise<Pick<Page<unknown>, 'items' | 'nextCursor'>>;

const lists: Readonly<Record<string, ListSome>> = {
  ...Object.fromEntries(
    jobSorts.map((sort) => [`jobs, ${sort}`, (limit: number) => database.readModel.listJobs({ sort, limit })]),
  ),
  'references to jobs': (limit) => database.readModel.findJobReferences({ limit }),
  'jobs of the past': (limit) => database.readModel.listPastJobs({ sequence: 6, limit }),
  operations: (limit) => operations.list({ limit }),
  'jobs of an operation': (limit) => operations.listJobs(id, { limit }),
  'the audit log': (limit) => auditLog.list({ limit }),
};

test.each(Object.entries(lists))(
  'a page of all there is has no cursor, and one of less has one: %s',
  async (_what, list) => {
    const [all, more, less] = [await list(2), await list(3), await list(1)];
    expect(all).toMatchObject({ nextCursor: null });
    expect(all.items).toHaveLength(2);
    expect(more).toEqual(all);
    expect(less).toMatchObject({ items: all.items.slice(0, 1), nextCursor: expect.any(String) });
  },
);
