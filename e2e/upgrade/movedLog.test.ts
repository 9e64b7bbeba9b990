import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { JobstreamClient } from '@jobstream/client';
import { migrate } from '@jobstream/readmodel';
import { repositoryRoot, resolveGoTool } from '@jobstream/servers';
import { createMigratedDatabase, eventually, startNats } from '@jobstream/test-support';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { examplesOf } from '../docs/examplesOf.ts';
import { agesPass } from '../harness/agesPass.ts';
import { jobsClient } from '../harness/jobsClient.ts';
import { readRawLog } from '../harness/rawLog.ts';
import { missingPrograms } from '../harness/runProgram.ts';
import { runInShell } from '../harness/runInShell.ts';
import { startServices } from '../harness/startServices.ts';
import { createEarlierLog } from './earlierLog.ts';

const HEADING = '### Moving such a log';
const page = readFileSync(path.join(repositoryRoot, 'docs', 'upgrading.md'), 'utf8');
const section = page.slice(page.indexOf(HEADING)).split('\n## ')[0] ?? '';
const cli = await resolveGoTool('nats');
const missing = [...('missing' in cli ? [cli.missing] : []), ...missingPrograms('bash', 'jq')];

test('what moving a log needs is installed, as CI requires', (context) => {
  if (missing.length > 0 && process.env['CI'] === undefined) return context.skip(missing.join('; '));
  expect(missing).toEqual([]);
});

/** How far the workers of a type have acknowledged what called for work. */
async function positionOf(nats: NatsConnection, jobType: string): Promise<number | undefined> {
  const answer = await nats.request(`$JS.API.CONSUMER.INFO.JOBS.worker-${jobType}`, '', { timeout: 60_000 });
  return answer.json<{ ack_floor?: { stream_seq: number } }>().ack_floor?.stream_seq;
}

/** Runs the commands of the section one after the other, as an operator does. */
async function moveLog(env: Record<string, string>, signal: AbortSignal): Promise<void> {
  const home = await mkdtemp(path.join(os.tmpdir(), 'jobstream-moved-'));
  const bin = path.join(home, 'bin');
  await mkdir(bin);
  await symlink('binary' in cli ? cli.binary : '', path.join(bin, 'nats'));
  const PATH = [bin, path.join(repositoryRoot, 'node_modules', '.bin'), process.env['PATH'] ?? ''].join(path.delimiter);
  for (const { commands } of examplesOf(section)) {
    const shell = runInShell(commands, { env: { ...env, HOME: home, BACKUP: home, PATH }, signal });
    expect({ code: await shell.ended, output: shell.output }).toEqual({ code: 0, output: expect.any(String) });
  }
  await rm(home, { recursive: true });
}

test.skipIf(missing.length > 0)(
  'a log of an earlier release is moved as documented: it is the same, and can be purged',
  async ({ signal }) => {
    await using nats = await startNats();
    await createEarlierLog(nats.url);
    const env = { NATS_URL: nats.url, DATABASE_URL: await createMigratedDatabase(migrate) };
    const sleep = { type: 'sleep', payload: { durationMs: 1 } };
    const connection = await connect({ servers: nats.url });
    let ids: { paused: string; delayed: string };
    {
      await using services = await startServices(() => ({ ...env, HEALTH_PORT: '0' }));
      const jobs = jobsClient(services.api);
      const done = await jobs.create(sleep);
      await jobs.reaches(done.id, 'completed');
      await new JobstreamClient({ url: services.api }).types.pause('sleep');
      const paused = await jobs.create(sleep);
      const delayed = await jobs.create({ type: 'email', payload: { to: 'user@example.com' }, delayMs: 3_600_000 });
      ids = { paused: paused.id, delayed: delayed.id };
      // Nothing would bring the table up to date later, and it is compared with the log.
      await eventually(async () => expect((await jobs.list('')).items).toHaveLength(3));
    }
    const before = { log: await readRawLog(connection), position: await positionOf(connection, 'sleep') };
    expect(before.position).toBe(1);
    await moveLog(env, signal);
    expect({ log: await readRawLog(connection), position: await positionOf(connection, 'sleep') }).toEqual(before);

    await using services = await startServices(() => ({ ...env, HEALTH_PORT: '0', JOBS_MAX_AGE: '2s' }));
    const jobs = jobsClient(services.api);
    const { types } = new JobstreamClient({ url: services.api });
    expect((await types.list()).find(({ type }) => type === 'sleep')).toMatchObject({ paused: true });
    await agesPass({ api: services.api, nats: connection }, 1);
    expect(await jobs.job(ids.delayed)).toMatchObject({ status: 'scheduled' });
    expect(await jobs.job(ids.paused)).toMatchObject({ status: 'pending' });
    await types.resume('sleep');
    expect(await jobs.reaches(ids.paused, 'completed')).toMatchObject({ attempt: 1 });
    await connection.close();
  },
);
