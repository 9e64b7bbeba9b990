import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { natsUsers, resolveGoTool } from '@jobstream/servers';
import { createDatabase, type RunningSystem, scratchDataFolder, startSystem } from '@jobstream/test-support';
import { connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jobsClient } from '../harness/jobsClient.ts';

const run = promisify(execFile);
const cli = await resolveGoTool('nats');
const job = { type: 'email', payload: { to: 'user@example.com' } };

describe('npm start', () => {
  let dataDir: string;
  let system: RunningSystem;

  beforeAll(async () => {
    dataDir = await scratchDataFolder('users');
    system = await startSystem(dataDir, { DATABASE_URL: await createDatabase() });
  });

  afterAll(() => system?.stop());

  test('runs jobs on a NATS server that refuses programs without a password', async () => {
    const jobs = jobsClient(system.api);
    await jobs.reaches((await jobs.create(job)).id, 'completed');
    await expect(connect({ servers: system.operator.servers, reconnect: false })).rejects.toThrow(/authorization/i);
  });

  test('writes an address for each user into a file that its owner alone can read', async () => {
    const file = path.join(dataDir, 'addresses.json');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const { nats } = JSON.parse(await readFile(file, 'utf8')) as { nats: Record<string, string> };
    for (const user of natsUsers) expect(nats[user]).toMatch(new RegExp(`^nats://${user}:p[0-9a-f]+@127.0.0.1:`));
  });

  test('the worker may not append what belongs to the API', async () => {
    const { host, username: user, password: pass } = new URL(system.nats);
    const nats = await connect({ servers: host, user, pass, inboxPrefix: '_INBOX_worker' });
    await expect(nats.request('jobs.email.1.cancelled', '{}')).rejects.toThrow(/permission/i);
    await nats.close();
  });

  test.skipIf('missing' in cli)('prints how the nats command line reaches the server', async () => {
    const [, folder = ''] = /XDG_CONFIG_HOME=(\S+) nats stream ls/.exec(system.process.output) ?? [];
    expect((await stat(path.join(folder, 'nats', 'context', 'jobstream.json'))).mode & 0o777).toBe(0o600);
    const env = { PATH: '', HOME: dataDir, XDG_CONFIG_HOME: folder };
    const { stdout } = await run('binary' in cli ? cli.binary : '', ['stream', 'ls', '--names'], { env });
    expect(stdout.split('\n')).toEqual(expect.arrayContaining(['JOBS', 'TIMERS']));
  });
});

test('with NATS_OPEN=true the server takes programs without a password', async () => {
  const settings = { DATABASE_URL: await createDatabase(), NATS_OPEN: 'true' };
  await using system = await startSystem(await scratchDataFolder('open'), settings);
  expect(system.operator).toEqual({ servers: system.nats });
  const nats = await connect({ servers: system.nats });
  await nats.close();
  const jobs = jobsClient(system.api);
  await jobs.reaches((await jobs.create(job)).id, 'completed');
});
