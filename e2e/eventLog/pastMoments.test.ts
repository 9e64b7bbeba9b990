import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { decide, isRejection } from '@jobstream/domain';
import { EventLog } from '@jobstream/eventlog';
import { migrate } from '@jobstream/readmodel';
import { createDatabase, eventually, queryDatabase, startNats } from '@jobstream/test-support';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { askPast } from '../chaos/judge/askPast.ts';
import { checkPast } from '../chaos/judge/checkPast.ts';
import { readHistories } from '../chaos/judge/readHistories.ts';
import { jobsClient } from '../harness/jobsClient.ts';
import { readRawLog } from '../harness/rawLog.ts';
import { runProjectorTask } from '../harness/runProjectorTask.ts';
import { startServices } from '../harness/startServices.ts';

const fixed = { type: 'fixed', delayMs: 20 };

/** Jobs of every fate, some of them later than others. */
async function runJobs(api: string, rounds: number): Promise<void> {
  const jobs = jobsClient(api);
  const sleep = { type: 'sleep', payload: { durationMs: 5 } };
  const ids: string[] = [];
  for (let round = 0; round < rounds; round++) {
    const failing = { ...sleep, payload: { durationMs: 2, failTimes: 1 }, backoff: fixed };
    for (const job of [sleep, { ...sleep, tags: ['later'], delayMs: 200 }, failing, { ...failing, maxAttempts: 1 }]) {
      ids.push((await jobs.create(job)).id);
    }
    const { id } = await jobs.create({ ...sleep, type: 'nobody-runs-it' });
    if (round % 2 === 0) await fetch(`${api}/api/jobs/${id}/cancel`, { method: 'POST' });
  }
  const ended = await Promise.all(ids.map((id) => jobs.reaches(id, 'completed', 'failed')));
  const failed = ended.filter(({ status }) => status === 'failed').slice(0, 3);
  expect(failed).toHaveLength(3);
  for (const { id } of failed) await fetch(`${api}/api/jobs/${id}/retry`, { method: 'POST' });
  for (const { id } of failed) await jobs.reaches(id, 'failed');
}

// The judge of the fault suite, which shares no code with the services, at 200 moments of a run.
test('lists and counts of the past equal a fold of the log, also where the log and the table have lost it', async () => {
  await using nats = await startNats();
  const folder = await mkdtemp(path.join(os.tmpdir(), 'jobstream-past-'));
  await using raw = {
    connection: await connect({ servers: nats.url }),
    [Symbol.asyncDispose]: () => raw.connection.close(),
  };
  const database = await createDatabase();
  await migrate(database);
  const env = { NATS_URL: nats.url, DATABASE_URL: database, ARCHIVE: folder, AS_OF_REACH: '1d' };
  let judge: (api: string, seed: string) => Promise<readonly object[]>;
  {
    await using running = await startServices(() => env);
    await runJobs(running.api, 12);
    const { messages } = await readRawLog(raw.connection);
    const { byJob, violations } = readHistories(messages);
    expect(violations).toEqual([]);
    judge = async (api, seed) => {
      const answers = await askPast(api, messages, seed);
      expect(answers.filter(({ unknown }) => unknown !== 0)).toEqual([]);
      return checkPast(answers, byJob);
    };
    expect(await judge(running.api, 'in the log')).toEqual([]);

    expect(await runProjectorTask('archive', env, ['--now'])).toMatchObject({ code: 0 });
    await (await jetstreamManager(raw.connection, { timeout: 60_000 })).streams.purge('JOBS');
    await queryDatabase(database, 'DELETE FROM jobs');
    expect(await judge(running.api, 'in the archive')).toEqual([]);
  }
  await queryDatabase(database, 'TRUNCATE past_jobs, past_changes, past_counts, past_checkpoint');
  await using running = await startServices(() => env);
  const followed = `SELECT FROM past_checkpoint, projection_checkpoints live WHERE past_checkpoint.last_sequence = live.last_sequence`;
  await eventually(async () => expect(await queryDatabase(database, followed)).toHaveLength(1));
  expect(await judge(running.api, 'built anew from the archive')).toEqual([]);
  await rm(folder, { recursive: true, force: true });
});

/** Does what a keeper does to jobs that have not ended. */
async function carry(log: EventLog, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    const found = await log.readJob(id);
    const actor = { kind: 'keeper', id: 'keeper' } as const;
    const at = new Date().toISOString();
    const event = decide({ kind: 'CarryJob', eventId: randomUUID(), at, actor, keepsCause: true }, found?.job);
    if (isRejection(event)) throw new Error(event.detail);
    await log.append(event, found?.sequence ?? 0);
  }
}

test('where the log has lost its beginning for good, lists have no job in another state than it had, and count the others', async () => {
  await using nats = await startNats();
  await using raw = {
    connection: await connect({ servers: nats.url }),
    [Symbol.asyncDispose]: () => raw.connection.close(),
  };
  const log = new EventLog({ url: nats.url, name: 'keeper' });
  const database = await createDatabase();
  await migrate(database);
  const env = { NATS_URL: nats.url, DATABASE_URL: database, AS_OF_REACH: '1d' };
  await using running = await startServices(() => env);
  await log.start();
  await runJobs(running.api, 4);
  const page = await jobsClient(running.api).list('type=nobody-runs-it&status=pending');
  const waiting = page.items.map(({ id }) => id);
  await carry(log, waiting);
  const begin = await log.lastSequence();
  await runJobs(running.api, 4);
  await carry(log, waiting);
  const { messages } = await readRawLog(raw.connection);
  await log.prefix.purgeBefore(begin);
  await log.stop();
  const answers = await askPast(running.api, messages, 'purged');
  expect(checkPast(answers, readHistories(messages).byJob)).toEqual([]);
  expect(answers.some(({ unknown }) => unknown > 0)).toBe(true);
  expect(answers.some(({ items }) => items.some(({ id, version }) => waiting.includes(id) && version === 2))).toBe(
    true,
  );
});
