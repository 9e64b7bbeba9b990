import { setImmediate as nextTurn } from 'node:timers/promises';
import { encodeJobEvent, type JobEvent } from '@jobstream/domain';
import { EventLog, eventSubject, LogUnavailableError } from '@jobstream/eventlog';
import type { EventFeed, LogEntry } from '@jobstream/eventlog';
import type { Logger } from '@jobstream/runtime';
import { eventually, forEachTest, newJob, startNats, startDatabaseProxy } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { CheckpointAheadError } from './projectLog.ts';
import { silentObserver } from './projectLog.ts';
import { appendLife, finishLife } from '../../testing/jobLoad.ts';
import { projectorStage } from '../../testing/projectorStage.ts';
import { startProjector } from '../../testing/startProjector.ts';

const stage = forEachTest(projectorStage);

async function checkpoint(): Promise<number | undefined> {
  return (await stage.readModel.readCheckpoint())?.lastSequence;
}

/** The second event of a job, in a schema of a later release. */
function newerEvent(jobId: string): JobEvent {
  return { ...newJob(undefined, 'email'), v: 2, event: 'JobStarted', jobId, version: 2 } as unknown as JobEvent;
}

/** The feed, held back until `count` entries have arrived. */
function inOneArray(count: number, feed: EventFeed): EventFeed {
  return {
    stop: () => feed.stop(),
    async *[Symbol.asyncIterator]() {
      const all: LogEntry[] = [];
      for await (const entries of feed) {
        all.push(...entries);
        if (all.length >= count) yield all.splice(0);
      }
    },
  };
}

test('earlier and later events of the log arrive in the table', async () => {
  const early = await stage.createJob();
  await using _projector = await startProjector(stage);
  await stage.projected(early);
  await stage.projected(await stage.createJob());
  expect(await stage.readModel.countJobs()).toEqual([{ type: 'email', status: 'pending', count: 2 }]);
});

test('a projector warns at its start of statistics that a migration left incomplete', async () => {
  const warnings: unknown[] = [];
  const warn = (fields: object, message: string) => void warnings.push({ ...fields, message });
  await stage.sql("INSERT INTO job_statistics_gaps VALUES ('0005_statistics', '2026-03-04T12:00:00Z')");
  await using _projector = await startProjector({ ...stage, logger: { info: () => {}, warn } as unknown as Logger });
  await stage.projected(await stage.createJob());
  const message = 'statistics lack events from before a migration; run: npm run rebuild -- --except job_statistics';
  const time = expect.stringMatching(/^2026-03-04T12:00:00/) as string;
  expect(warnings).toEqual([{ incompleteBefore: time, message }]);
});

test('a projector that starts again continues where it stopped', async () => {
  const projector = await startProjector(stage);
  await stage.projected(await stage.createJob());
  await projector.stop();
  await projector.stop();
  const meanwhile = await stage.createJob();
  await using _next = await startProjector(stage);
  await stage.projected(meanwhile);
  expect(await stage.readModel.countJobs()).toEqual([{ type: 'email', status: 'pending', count: 2 }]);
});

test('a backlog of more than one batch is projected whole', async () => {
  const jobs = 12_000;
  await Promise.all(Array.from({ length: jobs }, () => stage.createJob()));
  const eventLog = {
    follow: (options: { after: number }) => inOneArray(jobs, stage.eventLog.follow(options)),
    lastSequence: () => stage.eventLog.lastSequence(),
    readStoredHistory: () => Promise.resolve([]),
  };
  await using _projector = await startProjector({ ...stage, eventLog });
  await eventually(async () => expect(await checkpoint()).toBe(jobs));
  expect(await stage.readModel.countJobs()).toEqual([{ type: 'email', status: 'pending', count: jobs }]);
});

test('a message that is not an event is quarantined, and the following ones are projected', async () => {
  await using _projector = await startProjector(stage);
  const spoilt = await stage.createJob({ data: { payload: 1 } });
  await stage.projected(await stage.createJob());
  expect(await stage.readModel.findJob(spoilt)).toBeUndefined();
  expect(await checkpoint()).toBe(2);
});

test('an event of a newer release is put aside and marks its job, and everything else is projected', async () => {
  await using _projector = await startProjector(stage);
  const marked = await stage.createJob();
  await stage.eventLog.append(newerEvent(marked), 1);
  const unread = await stage.createJob({ v: 2 });
  await stage.projected(await stage.createJob());
  expect(await stage.readModel.findJob(marked)).toMatchObject({
    job: { status: 'pending', version: 2, unreadableEvents: 1 },
    sequence: 2,
  });
  expect(await stage.readModel.findJob(unread)).toBeUndefined();
  const reason = 'schema version 2 is newer than this release';
  expect(await stage.sql('SELECT sequence, reason, job_id FROM quarantined_messages ORDER BY sequence')).toEqual([
    { sequence: '2', reason, job_id: marked },
    { sequence: '3', reason, job_id: unread },
  ]);
});

test('a job whose event can be read after an upgrade is folded anew by itself', async () => {
  const job = await appendLife(stage.eventLog, 2);
  {
    const eventLog = {
      follow: (options: { after: number }) => withoutStarts(stage.eventLog.follow(options)),
      lastSequence: () => stage.eventLog.lastSequence(),
      readStoredHistory: () => Promise.resolve([]),
    };
    await using _earlier = await startProjector({ ...stage, eventLog });
    await stage.projectedAll();
    expect((await stage.readModel.findJob(job))?.job).toMatchObject({ status: 'pending', unreadableEvents: 1 });
  }
  await using _projector = await startProjector(stage);
  await eventually(async () => {
    const found = (await stage.readModel.findJob(job))?.job;
    expect(found).toMatchObject({ status: 'processing', version: 2, attempt: 1 });
    expect(found).not.toHaveProperty('unreadableEvents');
  });
  expect(await stage.sql('SELECT sequence FROM quarantined_messages')).toEqual([]);
  expect(await checkpoint()).toBe(2);
});

/** The feed as a release has it that does not know the event JobStarted. */
function withoutStarts(feed: EventFeed): EventFeed {
  return {
    async *[Symbol.asyncIterator]() {
      for await (const entries of feed) yield entries.map(unlessStart);
    },
    stop: () => feed.stop(),
  };
}

function unlessStart(entry: LogEntry): LogEntry {
  if (entry.kind !== 'event' || entry.event.event !== 'JobStarted') return entry;
  const { sequence, bytes, recordedAt, event } = entry;
  const { jobId, jobType, version, event: name } = event;
  const unreadable = { event: 'UnreadableEvent', name, jobId, jobType, version } as const;
  const message = { subject: eventSubject(event), body: Buffer.from(encodeJobEvent(event)) };
  return { kind: 'unreadable', sequence, bytes, recordedAt, reason: 'newer', ...message, event: unreadable };
}

test('a log that ends before the checkpoint ends the projector', async () => {
  const projector = await startProjector(stage);
  await stage.projected(await stage.createJob());
  await projector.stop();
  await using otherNats = await startNats();
  const otherLog = new EventLog({ url: otherNats.url, name: 'test' });
  await otherLog.start();
  await using another = await startProjector({ ...stage, eventLog: otherLog, patienceMs: 50 });
  expect(await another.failure).toBeInstanceOf(CheckpointAheadError);
  await otherLog.stop();
});

test('a log that is replaced under a running projector is noticed', async () => {
  let lost = false;
  const eventLog = {
    follow: (options: { after: number }) => stage.eventLog.follow(options),
    lastSequence: () => (lost ? Promise.resolve(0) : stage.eventLog.lastSequence()),
    readStoredHistory: () => Promise.resolve([]),
  };
  await using projector = await startProjector({ ...stage, eventLog, watchIntervalMs: 20, patienceMs: 50 });
  await stage.projected(await stage.createJob());
  lost = true;
  expect(await projector.failure).toBeInstanceOf(CheckpointAheadError);
});

test('a log that seems to end before the checkpoint, as on a new leader of a cluster, is asked again', async () => {
  const first = await startProjector(stage);
  await stage.projected(await stage.createJob());
  await first.stop();
  let late = 3;
  const eventLog = {
    follow: (options: { after: number }) => stage.eventLog.follow(options),
    lastSequence: async () => (late-- > 0 ? 0 : stage.eventLog.lastSequence()),
    readStoredHistory: () => Promise.resolve([]),
  };
  await using _projector = await startProjector({ ...stage, eventLog });
  await stage.projected(await stage.createJob());
  expect(late).toBeLessThan(0);
});

test('a projector recovers when Postgres is available again', async () => {
  await using proxy = await startDatabaseProxy(stage.databaseUrl);
  await proxy.cut();
  await using _projector = await startProjector({ ...stage, databaseUrl: proxy.url });
  const first = await stage.createJob();
  await proxy.heal();
  await stage.projected(first);
  await proxy.cut();
  const second = await stage.createJob();
  await proxy.heal();
  await stage.projected(second);
  expect(await checkpoint()).toBe(2);
});

test('rows that cannot be changed are retried until they can', async () => {
  await stage.sql(`CREATE FUNCTION skip() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`);
  await stage.sql('CREATE TRIGGER skip BEFORE UPDATE ON jobs FOR EACH ROW EXECUTE FUNCTION skip()');
  const { promise: interrupted, resolve } = Promise.withResolvers<void>();
  await using projector = await startProjector({ ...stage, observer: { ...silentObserver, interrupted: resolve } });
  const job = await appendLife(stage.eventLog, 1);
  await stage.projected(job);
  await finishLife(stage.eventLog, job);
  await Promise.race([interrupted, projector.failure]);
  await stage.sql('DROP TRIGGER skip ON jobs');
  await stage.projectedAll();
  expect((await stage.readModel.findJob(job))?.job.status).toBe('completed');
});

test('a projector waits while the log is unavailable, and then catches up', async () => {
  await using _projector = await startProjector(stage);
  await stage.projected(await stage.createJob());
  await stage.nats.kill();
  await stage.nats.restart();
  const later = await eventually(() => stage.createJob());
  await stage.projected(later);
  expect(await checkpoint()).toBe(await stage.eventLog.lastSequence());
});

test('a projector can be stopped while Postgres does not answer', async () => {
  await using proxy = await startDatabaseProxy(stage.databaseUrl);
  const projector = await startProjector({ ...stage, databaseUrl: proxy.url });
  await stage.projected(await stage.createJob());
  proxy.pauseUpstream();
  proxy.pauseDownstream();
  await expect(projector.stop()).resolves.toBeUndefined();
});

test('a projector can be stopped while it waits to learn where the log ends', async () => {
  const [called, answered] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const eventLog = {
    follow: (options: { after: number }) => stage.eventLog.follow(options),
    readStoredHistory: () => Promise.resolve([]),
    async lastSequence() {
      called.resolve();
      await answered.promise;
      return stage.eventLog.lastSequence();
    },
  };
  const projector = await startProjector({ ...stage, eventLog });
  await called.promise;
  const stopped = projector.stop();
  answered.resolve();
  await expect(stopped).resolves.toBeUndefined();
});

test('pauses grow with each interruption, and begin anew after a batch that was projected', async () => {
  const pauses: number[] = [];
  const pause = (ms: number) => nextTurn(void pauses.push(ms));
  const { promise: projected, resolve } = Promise.withResolvers<void>();
  let outages = 3;
  const eventLog = {
    follow: (options: { after: number }) => stage.eventLog.follow(options),
    readStoredHistory: () => Promise.resolve([]),
    async lastSequence() {
      if (outages-- > 0) throw new LogUnavailableError('not yet');
      return stage.eventLog.lastSequence();
    },
  };
  const observer = { ...silentObserver, projected: () => resolve() };
  await using _projector = await startProjector({ ...stage, eventLog, observer, pause });
  await stage.createJob();
  await projected;
  expect(pauses).toEqual([250, 500, 1_000]);
  await stage.sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'jobstream-projector'`);
  await expect.poll(() => pauses).toEqual([250, 500, 1_000, 250]);
});
