import { randomUUID } from 'node:crypto';
import { eventually, forEachTest, startFailingStatements } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { entriesOf, JobEvents } from '../testing/jobEvents.ts';
import { migratedDatabase } from '../testing/migratedDatabase.ts';
import { entriesWithout, readableJobs } from '../testing/putAside.ts';
import { ApiKeys } from './apiKeys/apiKeys.ts';
import { AuditLog } from './audit/auditLog.ts';
import { Operations } from './operations/operations.ts';
import { clearPast, PastProjection } from './past/pastProjection.ts';
import { PastVerification } from './past/pastVerification.ts';
import { prunePast } from './past/prunePast.ts';
import { migrate } from './postgres/migrate.ts';
import type { PostgresService } from './postgres/postgresService.ts';
import { JobProjection } from './projection/jobProjection.ts';
import type { ProjectableEntry } from './projection/projectableEntry.ts';
import { cancelRebuild } from './rebuild/cancelRebuild.ts';
import type { RebuildKind } from './rebuild/rebuildState.ts';
import { RebuildRequests } from './rebuild/rebuildRequests.ts';
import { dropPrevious } from './rebuild/swapTables.ts';
import { TableRebuild } from './rebuild/tableRebuild.ts';
import { retireJobs } from './retention/retireJobs.ts';
import { TableVerification } from './verify/tableVerification.ts';
import { Verifications } from './verify/verifications.ts';

/*
 * Whatever statement Postgres refuses, the operation that sends it fails, as soon as it knows, and has closed its connections
 * when it ends; called again it goes on. So no statement may be sent without waiting for its result.
 */

async function openStage() {
  const database = await migratedDatabase();
  const failing = await startFailingStatements(database.url);
  return {
    database,
    failing,
    async [Symbol.asyncDispose]() {
      await failing[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

const stage = forEachTest(openStage);
const stop = new AbortController().signal;
const asIs = () => Promise.resolve();
const BEFORE = '2027-01-01T00:00:00Z';
const job = new JobEvents();
const events = [job.next('JobCreated'), job.next('JobStarted'), job.next('JobCompleted')];
const life = entriesOf(events);

interface Case {
  /** Without failures. */
  readonly prepare?: (url: string) => Promise<unknown>;
  readonly run: (url: string) => Promise<unknown>;
  /** What comes after it, in which the statements that have failed do so no more. */
  readonly afterwards?: (url: string) => Promise<unknown>;
  /** Statements whose failure is of no consequence. */
  readonly ignored?: RegExp | undefined;
}

/** On a starved machine Postgres may end a session, and its locks, some time after it was closed. */
async function unlocked(): Promise<void> {
  const locks = `SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = database
    WHERE locktype = 'advisory' AND datname = current_database()`;
  await eventually(async () => expect(await stage.database.query(locks)).toEqual([]));
}

/** Opens something, uses it and closes it, also when the use has failed. */
async function opened<Opened extends { close(): Promise<void> }>(
  opening: Promise<Opened>,
  use: (one: Opened) => Promise<unknown>,
): Promise<void> {
  const one = await opening;
  try {
    await use(one);
  } finally {
    await one.close();
  }
}

async function served<Service extends PostgresService>(
  service: Service,
  use: (service: Service) => Promise<unknown>,
): Promise<void> {
  try {
    await service.start();
    await use(service);
  } finally {
    await service.stop();
  }
}

function project(url: string, entries: readonly ProjectableEntry[] = life): Promise<void> {
  return opened(JobProjection.open(url, undefined, new Map([['email', ['to']]])), async (projection) => {
    await projection.tryAcquire();
    await projection.apply(entries);
  });
}

function rebuild(url: string, kind: RebuildKind = 'rebuild'): Promise<void> {
  return opened(TableRebuild.open(url, kind), async (one) => {
    await one.tables.complete(asIs, stop);
    await one.tables.apply(life);
    expect(await one.swap(asIs, { force: false })).toEqual([]);
  });
}

async function compare(check: TableVerification): Promise<void> {
  const snapshot = await check.tables.snapshot(asIs);
  try {
    await snapshot.countJobs();
    await snapshot.unreadableJobs();
    for await (const { differences } of snapshot.compare(check.tables.schema, [])) {
      await check.markForRepair(differences);
    }
  } finally {
    await snapshot.close();
  }
}

function projectPast(url: string): Promise<void> {
  return opened(PastProjection.open(url), async (projection) => {
    await projection.tryAcquire();
    await projection.clear();
    await projection.apply(life);
  });
}

async function accept(operations: Operations): Promise<void> {
  const id = randomUUID();
  const actor = { kind: 'user', id: 'test' } as const;
  const accepted = await operations.accept({
    operation: { id, kind: 'cancel', status: 'running', tenant: null, actor, reason: null, filter: {}, rate: null },
    selection: { filter: {}, statuses: ['completed'] },
    contents: () => Promise.resolve({ fingerprint: null, keyId: null }),
  });
  expect(accepted).toMatchObject({ total: 1 });
  const claimed = await operations.claim();
  if (claimed === undefined) return expect.unreachable('none could be claimed');
  await operations.release(claimed);
  await operations.cancelUnbegun(0);
  await operations.changeStatus({ id }, 'cancelled', ['running']);
}

async function operate(operations: Operations): Promise<void> {
  const id = randomUUID();
  const claimed = await operations.claim();
  await operations.changeStatus({ id }, 'paused', ['running']);
  await operations.list({ limit: 1 });
  await operations.listJobs(id, { limit: 1 });
  await operations.countReasons(id, 1);
  await operations.nextJobs(id, 0, 1);
  await operations.read(id);
  await operations.listKeysOfEnded();
  await operations.forgetKey(id);
  await operations.removeOld(0);
  expect(claimed).toBeUndefined();
}

const cases: Readonly<Record<string, Case>> = {
  'a projection': { run: (url) => project(url) },
  'a projection that folds jobs anew': {
    prepare: (url) => project(url, entriesWithout(events, new Set([2]))),
    run: (url) =>
      opened(JobProjection.open(url), async (projection) => {
        await projection.tryAcquire();
        await projection.refold(await readableJobs(events, new Set([2])));
        await projection.readPutAside('00000000-0000-0000-0000-000000000000', 10);
        await projection.statisticsIncompleteBefore();
      }),
  },
  'a rebuild, and one of tables that old jobs leave': {
    prepare: project,
    run: (url) => rebuild(url),
    afterwards: async (url) => {
      await retireJobs(url, BEFORE, stop);
      await rebuild(url);
    },
  },
  'a rollback': {
    prepare: async (url) => {
      await project(url);
      await rebuild(url);
    },
    run: (url) => rebuild(url, 'rollback'),
  },
  'the cancellation of a rebuild': {
    prepare: (url) => opened(TableRebuild.open(url, 'rebuild'), () => Promise.resolve()),
    run: (url) => cancelRebuild(url),
  },
  'the end of the tables before a rebuild': {
    prepare: async (url) => {
      await project(url);
      await rebuild(url);
    },
    run: (url) => dropPrevious(url),
  },
  'the beginning of a verification': {
    run: (url) => opened(TableVerification.open(url), () => Promise.resolve()),
    ignored: /^DROP SCHEMA/, // the next verification drops them
  },
  'the removal of old jobs': { prepare: project, run: (url) => retireJobs(url, BEFORE, stop) },
  'a projection of past states': { run: projectPast },
  'a verification of past states': {
    prepare: projectPast,
    run: (url) =>
      opened(PastVerification.open(url), async (check) => {
        await check.position();
        expect(await check.compare(() => check.apply(life))).toEqual([]);
      }),
    ignored: /^DROP SCHEMA/,
  },
  'the removal of past states': {
    prepare: projectPast,
    run: (url) => prunePast(url, { before: BEFORE, forgottenBefore: 9 }, stop),
  },
  'a new beginning of past states': { run: (url) => clearPast(url) },
  'requests of rebuilds': {
    run: (url) =>
      served(new RebuildRequests({ databaseUrl: url, name: 'test' }), async (requests) => {
        await requests.request({ force: false, except: [] });
        await requests.cancel();
        await requests.claim('one');
        await requests.report('one', undefined);
        await requests.finish('one', 'completed', {});
        await requests.read();
      }),
  },
  'requests of verifications': {
    run: (url) =>
      served(new Verifications({ databaseUrl: url, name: 'test', pauseS: 0 }), async (verifications) => {
        await verifications.request({ kind: 'user', id: 'test' });
        await verifications.claim('one');
        await verifications.report('one', undefined);
        await verifications.finish('one', 'equal', {});
        await verifications.record('equal', {}, new Date());
        await verifications.read();
      }),
  },
  'operations on many jobs': {
    prepare: project,
    run: (url) => served(new Operations({ databaseUrl: url, name: 'test' }), operate),
  },
  'an operation that is accepted, begun and left': {
    prepare: project,
    // Those of the tries before are still running.
    run: (url) =>
      served(new Operations({ databaseUrl: url, name: 'test', limits: { operations: 99, ofOneCaller: 99 } }), accept),
  },
  'a migration': { run: migrate },
  'API keys': {
    run: (url) =>
      served(new ApiKeys({ databaseUrl: url, name: 'test' }), async (keys) => {
        const { key, text } = await keys.create({ name: 'a', scopes: ['jobs:read'], tenant: null, expiresAt: null });
        await keys.adopt(text, { name: 'a', scopes: ['jobs:read'], tenant: null, expiresAt: null });
        await keys.touch(new Map([[key.id, Date.now()]]));
        await keys.active();
        await keys.revokeMadeOpen();
        await keys.revoke(key.id);
        await keys.list();
      }),
  },
  'the audit log': {
    run: (url) =>
      served(new AuditLog({ databaseUrl: url, name: 'test' }), async (log) => {
        const at = new Date().toISOString();
        const actor = { kind: 'user', id: 'test' } as const;
        await log.write({ id: randomUUID(), at, actor, action: 'a', subjectKind: 'job', outcome: 'succeeded' });
        await log.list({ limit: 1 });
        await log.removeOld(0);
      }),
  },
};

test.each(Object.entries(cases))('%s', async (_what, { prepare, run, afterwards, ignored }) => {
  const { database, failing } = stage;
  await prepare?.(database.url);
  const failed = await failing.failEach(() => unlocked().then(() => run(failing.url)), { ignored });
  expect(failed.length).toBeGreaterThan(1);
  if (afterwards !== undefined) await failing.failEach(() => unlocked().then(() => afterwards(failing.url)));
});

test('a comparison and a repair', async () => {
  const { database, failing } = stage;
  await project(database.url);
  await database.query(`UPDATE jobs SET status = 'failed'`);
  await opened(TableVerification.open(failing.url), async (check) => {
    await check.tables.apply(life);
    await failing.failEach(() => compare(check));
    await failing.failEach(async () => {
      await check.repairSome(asIs);
      await check.repairRest(asIs);
    });
    expect(await check.countMarked()).toBe(0);
  });
});
