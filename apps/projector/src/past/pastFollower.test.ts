import { setImmediate as turn } from 'node:timers/promises';
import { EventLog } from '@jobstream/eventlog';
import { createLogger } from '@jobstream/runtime';
import { eventually, forEachTest, queryDatabase, startDatabaseProxy, startNats } from '@jobstream/test-support';
import { ReadModelUnavailableError } from '@jobstream/readmodel';
import type { PastProjection } from '@jobstream/readmodel';
import { expect, onTestFinished, test } from 'vitest';
import { appendLife, finishLife } from '../../testing/jobLoad.ts';
import { projectorStage } from '../../testing/projectorStage.ts';
import { startProjector } from '../../testing/startProjector.ts';
import { PastFollower, type PastFollowerOptions } from './pastFollower.ts';
import { PastRetention } from './pastRetention.ts';

const stage = forEachTest(projectorStage);

const logger = createLogger({ service: 'projector', level: 'silent' });

async function startFollower(change: Partial<PastFollowerOptions> = {}): Promise<PastFollower> {
  const { eventLog, databaseUrl, readModel: table } = stage;
  const onFailure = (error: unknown) => logger.error({ err: error });
  const follower = new PastFollower({ eventLog, databaseUrl, table, logger, onFailure, intervalMs: 10, ...change });
  onTestFinished(() => follower.stop());
  await follower.start();
  return follower;
}

const fail = (error: unknown) => expect.unreachable(String(error));

async function followedAll(): Promise<void> {
  const end = await stage.eventLog.lastSequence();
  const reached = async () => expect((await stage.readModel.readPastCheckpoint())?.lastSequence).toBe(end);
  await eventually(reached);
}

const countsNow = async () => {
  const counts = await stage.readModel.countPastJobs(await stage.eventLog.lastSequence());
  return counts.map(({ status, count }) => `${count} ${status}`);
};

test('follows the log, and goes on where it was after a restart', async () => {
  const follower = await startFollower();
  await appendLife(stage.eventLog);
  const open = await appendLife(stage.eventLog, 1);
  await followedAll();
  const before = await stage.eventLog.lastSequence();
  expect(await countsNow()).toEqual(['1 completed', '1 pending']);
  await follower.stop();
  await finishLife(stage.eventLog, open);
  await startFollower();
  await followedAll();
  expect(await countsNow()).toEqual(['2 completed']);
  const { items } = await stage.readModel.listPastJobs({ sequence: before, limit: 10 });
  expect(items.map(({ id, status }) => [id, status])).toContainEqual([open, 'pending']);
});

test('of two followers one works, and the other takes over', async () => {
  const first = await startFollower();
  await appendLife(stage.eventLog);
  await followedAll();
  await startFollower();
  await appendLife(stage.eventLog);
  await first.stop();
  await appendLife(stage.eventLog);
  await followedAll();
  expect(await countsNow()).toEqual(['3 completed']);
});

test('has closed its connection when it has stopped', async () => {
  await using proxy = await startDatabaseProxy(stage.databaseUrl);
  const resting = Promise.withResolvers<void>();
  const observer = { followed: () => resting.resolve(), becameStandby: () => {}, interrupted: () => {} };
  const follower = await startFollower({ databaseUrl: proxy.url, intervalMs: 600_000, observer });
  await resting.promise;
  proxy.pauseUpstream(); // Postgres does not hear of the end
  let hasStopped = false;
  const stopped = follower.stop().then(() => (hasStopped = true));
  for (let turns = 0; turns < 20; turns++) await turn();
  expect(hasStopped).toBe(false);
  await proxy.heal();
  await stopped;
});

test('says that it has followed the log when that is in the tables, and begins anew when that has failed', async () => {
  const [begun, end] = [Promise.withResolvers<void>(), Promise.withResolvers<Error>()];
  const followed: number[] = [];
  let interruptions = 0;
  class HeldFollower extends PastFollower {
    protected override async open(): Promise<PastProjection> {
      const projection = await super.open();
      const apply = projection.apply.bind(projection);
      projection.apply = async (entries) => {
        if (entries.length === 0 || interruptions > 0) return apply(entries);
        begun.resolve();
        throw await end.promise;
      };
      return projection;
    }
  }
  await appendLife(stage.eventLog);
  const observer = {
    followed: (_sequence: number, events: number) => void (events > 0 && followed.push(events)),
    becameStandby: () => {},
    interrupted: () => void interruptions++,
  };
  const { eventLog, databaseUrl, readModel: table } = stage;
  const follower = new HeldFollower({
    eventLog,
    databaseUrl,
    table,
    logger,
    onFailure: fail,
    observer,
    intervalMs: 10,
  });
  onTestFinished(() => {
    end.resolve(new ReadModelUnavailableError('the test has ended')); // which a stop waits for
    return follower.stop();
  });
  await follower.start();
  await begun.promise;
  await stage.eventLog.lastSequence(); // it would have said so by then
  expect(followed).toEqual([]);
  end.resolve(new ReadModelUnavailableError('the connection was lost'));
  await followedAll();
  expect(interruptions).toBe(1);
  await eventually(() => expect(followed).toEqual([3]));
});

test('leaves a backlog to the live table first', async () => {
  const behind = { updatedAt: '', lastSequence: 0 };
  await appendLife(stage.eventLog);
  const asked = Promise.withResolvers<void>();
  const readCheckpoint = () => {
    asked.resolve();
    return Promise.resolve(behind);
  };
  await startFollower({ table: { readCheckpoint }, liveMayLack: 2 });
  await asked.promise;
  expect(await stage.readModel.readPastCheckpoint()).toBeUndefined();
  behind.lastSequence = 1;
  await followedAll();
});

/** A follower has stopped; of two jobs since then the log has lost the first, up to `lost`, and has kept the second. */
async function followAndLose(): Promise<{ lost: number; kept: string }> {
  const follower = await startFollower();
  await appendLife(stage.eventLog);
  await followedAll();
  await follower.stop();
  await appendLife(stage.eventLog);
  const lost = await stage.eventLog.lastSequence();
  const kept = await appendLife(stage.eventLog);
  await stage.eventLog.prefix.purgeBefore(lost + 1);
  return { lost, kept };
}

test('begins anew where events have left the log for good before they were followed', async () => {
  const { lost, kept } = await followAndLose();
  await startFollower();
  await followedAll();
  expect(await countsNow()).toEqual(['1 completed']);
  expect(await stage.readModel.readPastCheckpoint()).toMatchObject({ earliestSequence: lost + 1 });
  const { items } = await stage.readModel.listPastJobs({ sequence: await stage.eventLog.lastSequence(), limit: 10 });
  expect(items.map(({ id }) => id)).toEqual([kept]);
});

/** Emptying the tables fails from now on. */
async function refuseToEmpty(sqlState: string): Promise<void> {
  const raise = `BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '${sqlState}'; END`;
  await stage.sql(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ ${raise} $$`);
  await stage.sql('CREATE TRIGGER refuse BEFORE TRUNCATE ON past_jobs FOR EACH STATEMENT EXECUTE FUNCTION refuse()');
}

/** Follows until no retry could help; returns the error. */
async function failureOf(change: Partial<PastFollowerOptions> = {}): Promise<unknown> {
  const failures: unknown[] = [];
  await startFollower({ patienceMs: 50, ...change, onFailure: (error) => void failures.push(error) });
  await eventually(() => expect(failures).toHaveLength(1));
  return failures[0];
}

test('what cannot be begun anew for now is tried again', async () => {
  await followAndLose();
  await refuseToEmpty('55P03');
  const warnings: unknown[] = [];
  const warn = (_: unknown, sentence: string) => void warnings.push(sentence);
  await startFollower({ logger: Object.assign(Object.create(logger), { warn }) });
  await eventually(() => expect(warnings).toContain('the past states of jobs could not be written'));
  await stage.sql('DROP TRIGGER refuse ON past_jobs');
  await followedAll();
  expect(await countsNow()).toEqual(['1 completed']);
});

test('a failure that no retry can cure ends the follower, and is told', async () => {
  await followAndLose();
  await refuseToEmpty('P0001');
  expect(await failureOf()).toMatchObject({ code: 'P0001' });
});

/** A log of another system, with more events than the first. */
async function longerLog(): Promise<EventLog> {
  const nats = await startNats();
  const log = new EventLog({ url: nats.url, name: 'test', deadlineMs: 30_000 });
  await log.start();
  onTestFinished(async () => {
    await log.stop();
    await nats[Symbol.asyncDispose]();
  });
  for (let job = 0; job < 3; job++) await appendLife(log);
  return log;
}

test('past states of another log end the follower and stay, whether it is shorter or longer', async () => {
  const follower = await startFollower();
  await appendLife(stage.eventLog);
  await followedAll();
  await follower.stop();
  const counts = await countsNow();
  const grown = await longerLog();
  expect(await failureOf({ eventLog: grown })).toMatchObject({ code: 'LOG_REPLACED' });
  await queryDatabase(stage.databaseUrl, 'UPDATE past_checkpoint SET last_sequence = 1000');
  expect(await failureOf()).toMatchObject({ code: 'LOG_REPLACED', message: expect.stringContaining('log ends at') });
  expect(await countsNow()).toEqual(counts);
});

test('a log that is replaced under a running follower ends it before anything of the other is written', async () => {
  let eventLog = stage.eventLog;
  const failures: unknown[] = [];
  const replaceable = {
    lastSequence: () => eventLog.lastSequence(),
    readNext: (after: number, count: number) => eventLog.readNext(after, count),
    messages: { from: (sequence: number, page: { count: number }) => eventLog.messages.from(sequence, page) },
  };
  await startFollower({ eventLog: replaceable, patienceMs: 50, onFailure: (error) => void failures.push(error) });
  await appendLife(stage.eventLog);
  await followedAll();
  eventLog = await longerLog();
  await eventually(() => expect(failures).toMatchObject([{ code: 'LOG_REPLACED' }]));
  expect(await countsNow()).toEqual(['1 completed']);
});

test('a log that seems to end before what was read of it, as on a new leader of a cluster, is asked again', async () => {
  let late = 0;
  const failures: unknown[] = [];
  const eventLog = {
    lastSequence: async () => (late-- > 0 ? 1 : stage.eventLog.lastSequence()),
    readNext: (after: number, count: number) => stage.eventLog.readNext(after, count),
    messages: stage.eventLog.messages,
  };
  await startFollower({ eventLog, onFailure: (error) => void failures.push(error) });
  await appendLife(stage.eventLog);
  await followedAll();
  late = 3;
  await eventually(() => expect(late).toBeLessThan(0));
  await appendLife(stage.eventLog);
  await followedAll();
  expect(failures).toEqual([]);
});

/** A retention whose turn ends when it has removed all that may go. */
class TurnedRetention extends PastRetention {
  async removeAll(): Promise<void> {
    await this.turn(new AbortController().signal);
  }
}

/** Removes each change that is older than the last moment. */
async function removeOld({ expiresPermanently }: { readonly expiresPermanently: boolean }): Promise<void> {
  const { databaseUrl, eventLog } = stage;
  const log = { clock: { now: () => Date.now() - 1 }, messages: eventLog.messages, expiresPermanently };
  await new TurnedRetention({ databaseUrl, reachMs: 0, eventLog: log, logger }).removeAll();
}

test.each([
  ['stay where events are kept elsewhere', false],
  ['leave where nobody else has them', true],
])('failed jobs whose events have left the log %s', async (_what, expiresPermanently) => {
  await startFollower();
  await appendLife(stage.eventLog, 2);
  await followedAll();
  const earlier = ['first_sequence', 'last_sequence', 'since'].map((column) => `${column} = ${column} - 3 * 16384`);
  await stage.sql(`UPDATE past_changes SET sequence = sequence - 3 * 16384, since = since - 3 * 16384, status = 'failed';
    UPDATE past_jobs SET status = 'failed', ${earlier.join()}`);
  const open = await appendLife(stage.eventLog, 1);
  await followedAll();
  await removeOld({ expiresPermanently });
  expect(await stage.sql('SELECT FROM past_changes WHERE sequence < 0')).toEqual([]);
  const others = await stage.sql(`SELECT status FROM past_jobs WHERE job_id <> '${open}'`);
  expect(others).toEqual(expiresPermanently ? [] : [{ status: 'failed' }]);
});

test('the live table does not need it, and retention removes what is older than the reach by whole chunks', async () => {
  await using _projector = await startProjector(stage);
  await startFollower();
  await appendLife(stage.eventLog);
  await stage.projectedAll();
  await followedAll();
  await queryDatabase(
    stage.databaseUrl,
    'UPDATE past_changes SET sequence = sequence - 3 * 16384, since = since - 3 * 16384',
  );
  const open = await appendLife(stage.eventLog, 1);
  await followedAll();
  await removeOld({ expiresPermanently: false });
  expect(await stage.sql('SELECT FROM past_changes WHERE sequence < 0')).toEqual([]);
  expect(await stage.sql('SELECT job_id FROM past_changes')).toEqual([{ job_id: open }]);
});
