import { getEventListeners } from 'node:events';
import { createLogger } from '@jobstream/runtime';
import { eventually, forEachTest, leftOpenBy, startFailingStatements } from '@jobstream/test-support';
import { AuditLog, RebuildRequests, Verifications } from '@jobstream/readmodel';
import { expect, onTestFinished, test } from 'vitest';
import { appendLife } from '../testing/jobLoad.ts';
import { projectorStage } from '../testing/projectorStage.ts';
import { rebuildStage } from '../testing/rebuildStage.ts';
import { startProjector } from '../testing/startProjector.ts';
import { PastFollower } from './past/pastFollower.ts';
import { PastRetention } from './past/pastRetention.ts';
import { verifyPast } from './verify/verifyPast.ts';
import { RebuildRunner } from './rebuild/rebuildRunner.ts';
import { TableRetention } from './retention/tableRetention.ts';
import { VerificationRunner } from './verify/verificationRunner.ts';
import { verifyTables } from './verify/verifyTables.ts';

/*
 * What works on the tables has closed its connections when it ends, however it ends, and what it was to write is there.
 */

const stage = forEachTest(projectorStage);
const logger = createLogger({ service: 'projector', level: 'silent' });
const stop = new AbortController().signal;
/** Some statements, one of each step. */
const SOME =
  /^(?:CREATE SCHEMA|COPY|CREATE INDEX|VACUUM|LOCK|DROP SCHEMA|INSERT INTO jobstream|SELECT count|DELETE|COMMIT)/;

/** On a starved machine Postgres may end a session, and its locks, some time after it was closed. */
async function unlocked(): Promise<void> {
  const locks = `SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = database
    WHERE locktype = 'advisory' AND datname = current_database()`;
  await eventually(async () => expect(await stage.sql(locks)).toEqual([]));
}

async function projected(): Promise<void> {
  await appendLife(stage.eventLog);
  await using _projector = await startProjector(stage);
  await stage.projectedAll();
}

const verify = (databaseUrl: string, repair = false) =>
  verifyTables({
    eventLog: stage.eventLog,
    databaseUrl,
    repair,
    stop,
    onProgress: () => {},
    onDifference: () => {},
    patienceMs: 30_000,
  });

test('a projector that has stopped', async () => {
  expect(await leftOpenBy(projected)).toEqual([]);
});

test('a rebuild, whatever fails', async () => {
  await projected();
  await using failing = await startFailingStatements(stage.databaseUrl);
  const failed = await failing.failEach(
    () => unlocked().then(() => rebuildStage({ ...stage, databaseUrl: failing.url }, { stop })),
    {
      only: SOME,
    },
  );
  expect(failed.length).toBeGreaterThan(5);
  expect(await leftOpenBy(() => rebuildStage(stage, { kind: 'rollback', stop }))).toEqual([]);
  expect(getEventListeners(stop, 'abort')).toEqual([]);
});

test('a verification with repair, whatever fails', async () => {
  await projected();
  await stage.sql(`UPDATE jobs SET status = 'failed'`);
  await using failing = await startFailingStatements(stage.databaseUrl);
  const failed = await failing.failEach(() => unlocked().then(() => verify(failing.url, true)), {
    only: SOME,
    ignored: /^DROP SCHEMA/,
  });
  expect(failed.length).toBeGreaterThan(5);
  expect(await verify(stage.databaseUrl)).toMatchObject({ differences: 0 });
  expect(getEventListeners(stop, 'abort')).toEqual([]);
});

test('a follower of past states, their comparison and their retention', async () => {
  const { eventLog, databaseUrl, readModel: table } = stage;
  await projected();
  const follow = async () => {
    const follower = new PastFollower({ eventLog, databaseUrl, table, logger, onFailure: () => {}, intervalMs: 10 });
    await follower.start();
    const end = await eventLog.lastSequence();
    await eventually(async () => expect((await table.readPastCheckpoint())?.lastSequence).toBe(end));
    await follower.stop();
  };
  expect(await leftOpenBy(follow)).toEqual([]);
  expect(await leftOpenBy(() => verifyPast({ eventLog, databaseUrl, stop, onProgress: () => {} }))).toEqual([]);
  const retention = new PastRetention({ databaseUrl, reachMs: 0, eventLog, logger });
  const prune = async () => {
    await retention.start();
    await retention.stop();
  };
  expect(await leftOpenBy(prune)).toEqual([]);
});

test('the retention of the table', async () => {
  await projected();
  const { databaseUrl, eventLog } = stage;
  const retention = new TableRetention({ databaseUrl, maxAgeMs: 3_600_000, clock: eventLog.clock, logger });
  const retire = async () => {
    await retention.start();
    await retention.stop();
  };
  expect(await leftOpenBy(retire)).toEqual([]);
});

/** Starts a runner, and stops it in the moment in which it says how its task has ended. */
async function stopAtTheEnd(
  runnerOf: (finishing: () => void) => { start(): Promise<void>; stop(): Promise<void> },
): Promise<void> {
  const { promise: finishing, resolve } = Promise.withResolvers<void>();
  const runner = runnerOf(resolve);
  await runner.start();
  await finishing;
  await runner.stop();
}

test('a runner of rebuilds that stops has recorded how its rebuild has ended', async () => {
  await projected();
  const { databaseUrl, eventLog } = stage;
  const requests = new RebuildRequests({ databaseUrl, name: 'test', queryMs: 30_000 });
  onTestFinished(() => requests.stop());
  await requests.request({ force: false, except: [] });
  const recorded: string[] = [];
  const run = stopAtTheEnd((finishing) => {
    const finish: RebuildRequests['finish'] = async (...end) => {
      finishing();
      await requests.finish(...end);
      recorded.push(end[1]);
    };
    const observed = { claim: requests.claim.bind(requests), report: requests.report.bind(requests), finish };
    return new RebuildRunner({ requests: observed, eventLog, databaseUrl, logger, intervalMs: 10 });
  });
  expect(await leftOpenBy(() => run)).toEqual([]);
  expect(recorded).toEqual(['completed']);
});

test('a runner of verifications that stops has recorded what it has found, also in the audit log', async () => {
  await projected();
  const { databaseUrl, eventLog } = stage;
  const verifications = new Verifications({ databaseUrl, name: 'test', queryMs: 30_000 });
  const auditLog = new AuditLog({ databaseUrl, name: 'test', queryMs: 30_000 });
  onTestFinished(async () => void (await Promise.all([verifications.stop(), auditLog.stop()])));
  await verifications.request({ kind: 'user', id: 'test' });
  const recorded: string[] = [];
  const write: AuditLog['write'] = async (record) => {
    await auditLog.write(record);
    recorded.push(record.action);
  };
  const run = stopAtTheEnd((finishing) => {
    const finish: Verifications['finish'] = async (...end) => {
      finishing();
      await verifications.finish(...end);
      recorded.push(end[1]);
    };
    const [claim, report] = [verifications.claim.bind(verifications), verifications.report.bind(verifications)];
    const observed = { claim, report, finish };
    return new VerificationRunner({
      verifications: observed,
      auditLog: { write },
      eventLog,
      databaseUrl,
      logger,
      intervalMs: 10,
    });
  });
  expect(await leftOpenBy(() => run)).toEqual([]);
  expect(recorded).toEqual(['equal', 'verification.end']);
});
