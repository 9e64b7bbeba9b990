import type { EventLog } from '@jobstream/eventlog';
import { clearPast, type Difference } from '@jobstream/readmodel';
import { createLogger } from '@jobstream/runtime';
import { eventually, forEachTest, readTable } from '@jobstream/test-support';
import { expect, onTestFinished, test } from 'vitest';
import { appendLife } from '../../testing/jobLoad.ts';
import { projectorStage } from '../../testing/projectorStage.ts';
import { PastFollower } from '../past/pastFollower.ts';
import { verifyPast } from './verifyPast.ts';

const stage = forEachTest(projectorStage);
const logger = createLogger({ service: 'projector', level: 'silent' });

async function follow(): Promise<void> {
  const { eventLog, databaseUrl, readModel: table } = stage;
  const follower = new PastFollower({
    eventLog,
    databaseUrl,
    table,
    logger,
    onFailure: (error) => logger.error({ err: error }),
    intervalMs: 10,
    liveMayLack: 1e9,
  });
  onTestFinished(() => follower.stop());
  await follower.start();
}

async function followedAll(): Promise<void> {
  const end = await stage.eventLog.lastSequence();
  const reached = async () => expect((await stage.readModel.readPastCheckpoint())?.lastSequence).toBe(end);
  await eventually(reached);
}

function verify(eventLog: Pick<EventLog, 'readNext'> = stage.eventLog) {
  const { databaseUrl } = stage;
  return verifyPast({ eventLog, databaseUrl, stop: new AbortController().signal, onProgress: () => {} });
}

/** Some jobs whose past states are kept; returns the id of the one that has not completed. */
async function followSomeJobs(): Promise<string> {
  await Promise.all(Array.from({ length: 5 }, () => appendLife(stage.eventLog)));
  const open = await appendLife(stage.eventLog, 1);
  await follow();
  await followedAll();
  return open;
}

test('past states that nobody keeps are not compared', async () => {
  await appendLife(stage.eventLog);
  expect(await verify()).toBe('not kept');
});

test('past states that match the log have no differences, also while more happens', async () => {
  await followSomeJobs();
  const [differences] = await Promise.all([verify(), appendLife(stage.eventLog), appendLife(stage.eventLog)]);
  expect(differences).toEqual([]);
});

const SECOND_TABLES = `SELECT FROM pg_namespace WHERE nspname = 'jobstream_past_verify'`;
const WAITING_DROP = `SELECT FROM pg_stat_activity
  WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'DROP SCHEMA%'`;

test('a comparison ends when its tables are dropped, and not before', async () => {
  await followSomeJobs();
  const url = new URL(stage.databaseUrl);
  url.searchParams.set('options', '-c search_path=jobstream_past_verify');
  let reader: AsyncDisposable | undefined;
  const readNext: EventLog['readNext'] = async (...range) => {
    reader ??= await readTable(url.href, 'past_jobs');
    return stage.eventLog.readNext(...range);
  };
  let hasEnded = false;
  const verified = verify({ readNext }).finally(() => (hasEnded = true));
  await eventually(async () => expect(await stage.sql(WAITING_DROP)).toHaveLength(1));
  expect(hasEnded).toBe(false);
  await reader?.[Symbol.asyncDispose]();
  expect(await verified).toEqual([]);
  expect(await stage.sql(SECOND_TABLES)).toEqual([]);
});

test('rows that were changed, removed or added by hand are found', async () => {
  const job = await followSomeJobs();
  await stage.sql(`UPDATE past_jobs SET status = 'failed' WHERE job_id = '${job}'`);
  await stage.sql(
    `DELETE FROM past_changes WHERE sequence = (SELECT max(sequence) FROM past_changes WHERE status = 'completed')`,
  );
  await stage.sql(`UPDATE past_counts SET delta = delta + 1 WHERE status = 'completed'`);
  await stage.sql(`INSERT INTO past_counts VALUES (7, '', 'email', 'failed', 3)`);
  const found = (await verify()) as readonly Difference[];
  expect(found).toEqual([
    { table: 'past_jobs', key: job, problem: 'different', field: 'status', live: 'failed', log: 'pending' },
    expect.objectContaining({ table: 'past_changes', problem: 'missing' }),
    { table: 'past_counts', key: '0 email completed', problem: 'different', field: 'delta', live: '6', log: '5' },
    expect.objectContaining({ table: 'past_counts', key: '7 email failed', problem: 'extra' }),
  ]);
});

test('tables that were emptied while a follower ran are built anew by it, without another event', async () => {
  const job = await followSomeJobs();
  await stage.sql(`DELETE FROM past_jobs WHERE job_id = '${job}'`);
  await clearPast(stage.databaseUrl);
  await followedAll();
  expect(await verify()).toEqual([]);
});
