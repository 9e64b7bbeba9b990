import { once } from 'node:events';
import { watch } from 'node:fs';
import { mkdtemp, readdir, readlink, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { JobEvent } from '@jobstream/domain';
import { EventLog, JOBS_STREAM } from '@jobstream/eventlog';
import { EmbeddedNats, hasRoomInMemory, resolveNatsServer } from '@jobstream/servers';
import { eventually, guardOfThisProcess, newJob } from '@jobstream/test-support';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const ROUNDS = 4;
const newJobs = (count: number) => Array.from({ length: count }, () => newJob());

describe.skipIf(!(await hasRoomInMemory()))('a server that stages batches in memory', () => {
  let dataDir: string;
  let server: EmbeddedNats;
  let log: EventLog;

  beforeAll(async () => {
    dataDir = await mkdtemp(path.join(os.tmpdir(), 'jobstream-staging-'));
    const stagedInMemory = [JOBS_STREAM];
    const guard = guardOfThisProcess();
    server = new EmbeddedNats({ binary: await resolveNatsServer(), dataDir, stagedInMemory, guard });
    await server.start();
    log = new EventLog({ url: server.url, name: 'staging', groupCommit: true });
    await log.start();
  });
  afterAll(async () => {
    await log.stop();
    await server.stop();
    await rm(dataDir, { recursive: true });
  });

  const staging = () => readlink(path.join(dataDir, 'jetstream/jetstream/$G/streams', JOBS_STREAM, 'batches'));

  const historyOf = async (jobs: readonly JobEvent[]) => {
    const histories = await Promise.all(jobs.map(({ jobId }) => log.readHistory(jobId)));
    return histories.flat().length;
  };

  test('stages every batch there, also after a kill and a restart', async () => {
    for (let round = 1; round <= 2; round++) {
      const folder = await staging();
      const staged = new Set<string | null>();
      const watcher = watch(folder, (_event, name) => staged.add(name));
      await log.appendAll(newJobs(100));
      await Promise.all(newJobs(100).map((event) => log.append(event, 0)));
      await eventually(() => expect(staged.size).toBeGreaterThan(1));
      watcher.close();
      await eventually(async () => expect(await readdir(folder)).toEqual([]));
      await server.kill();
      await server.start();
    }
    expect(await eventually(() => log.lastSequence())).toBe(400);
  });

  test('has all jobs of a batch or none after a kill in the middle of it', async () => {
    for (let round = 1; round <= ROUNDS; round++) {
      const watcher = watch(await staging());
      const jobs = newJobs(1_000);
      // The outcome may be any; a further try may also store the batch after the restart.
      const outcome = log.appendAll(jobs).catch(() => undefined);
      await once(watcher, 'change');
      watcher.close();
      await server.kill();
      await server.start();
      await outcome;
      expect([0, 1_000]).toContain(await eventually(() => historyOf(jobs)));
    }
  });

  test('leaves nothing in memory when it is stopped', async () => {
    const folder = await staging();
    await server.stop();
    expect(await readdir(path.dirname(folder))).not.toContain(path.basename(folder));
  });
});
