import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { decide, isRejection } from '@jobstream/domain';
import { EventLog } from '@jobstream/eventlog';
import { migrate } from '@jobstream/readmodel';
import { createMigratedDatabase, eventually, startNats } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { jobsClient } from '../harness/jobsClient.ts';
import { runProjectorTask } from '../harness/runProjectorTask.ts';
import { startServices } from '../harness/startServices.ts';

/** Does what the keeper does to a job that waits, and purges the log up to there; returns the sequence of its JobCarried. */
async function carryAndPurge(url: string, jobId: string): Promise<number> {
  const log = new EventLog({ url, name: 'keeper' });
  await log.start();
  try {
    const found = await log.readJob(jobId);
    if (found === undefined) throw new Error(`there is no job ${jobId}`);
    const actor = { kind: 'keeper', id: 'keeper' } as const;
    const at = new Date().toISOString();
    const event = decide({ kind: 'CarryJob', eventId: randomUUID(), at, actor, keepsCause: true }, found.job);
    if (isRejection(event)) throw new Error(event.detail);
    const carried = await log.append(event, found.sequence);
    await log.prefix.purgeBefore(carried);
    return carried;
  } finally {
    await log.stop();
  }
}

test('a carried job whose first events are in the archive alone is read as of them, rebuilt and verified', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'jobstream-carried-'));
  await using nats = await startNats();
  const DATABASE_URL = await createMigratedDatabase(migrate);
  const env = { NATS_URL: nats.url, DATABASE_URL, ARCHIVE: folder, HEALTH_PORT: '0' };
  {
    await using services = await startServices(() => env);
    const jobs = jobsClient(services.api);
    const { id } = await jobs.create({ type: 'nobody', payload: { kept: true } });
    const created = (await jobs.events(id))[0]?.sequence ?? 0;
    expect(await runProjectorTask('archive', env, ['--now'])).toMatchObject({ code: 0 });
    const carried = await carryAndPurge(nats.url, id);

    await eventually(async () => expect((await jobs.job(id)).version).toBe(2));
    expect((await jobs.events(id)).map(({ event }) => event)).toEqual(['JobCreated', 'JobCarried']);
    for (const [asOf, version] of [
      [created, 1],
      [carried, 2],
    ]) {
      const answer = await fetch(`${services.api}/api/jobs/${id}?asOf=${asOf}`);
      expect(await answer.json()).toMatchObject({ id, version, status: 'pending', payload: { kept: true } });
    }
    expect(await runProjectorTask('verify', env)).toMatchObject({
      code: 0,
      output: expect.stringContaining(': 1 job.'),
    });
    const rebuilt = expect.stringContaining('equal in 1 job');
    expect(await runProjectorTask('rebuild', env)).toMatchObject({ code: 0, output: rebuilt });
    expect(await jobs.job(id)).toMatchObject({ version: 2, status: 'pending', payload: { kept: true } });
  }
  await rm(folder, { recursive: true });
});
