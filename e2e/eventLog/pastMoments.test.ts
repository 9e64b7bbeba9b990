import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
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
async function runJobs(api: string): Promise<void> {
  const jobs = jobsClient(api);
  const sleep = { type: 'sleep', payload: { durationMs: 5 } };
  const ids: string[] = [];
  for (let round = 0; round < 12; round++) {
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
    await runJobs(running.api);
    const { messages } = await readRawLog(raw.connection);
    const { byJob, violations } = readHistories(messages);
    expect(violations).toEqual([]);
    judge = async (api, seed) => checkPast(await askPast(api, messages, seed), byJob);
    expect(await judge(running.api, 'in the log')).toEqual([]);

    expect(await runProjectorTask('archive', env)).toMatchObject({ code: 0 });
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
