import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { EventLog } from '@jobstream/eventlog';
import { migrate } from '@jobstream/readmodel';
import { createDatabase, eventually, freePort, newJob, resolveNatsServer, startNats } from '@jobstream/test-support';
import { describe, expect, test } from 'vitest';
import { nodeFloors } from '../release/nodeFloors.ts';
import { checkApi } from './checkApi.ts';
import { checkDatabase } from './checkDatabase.ts';
import { checkDisk } from './checkDisk.ts';
import { checkLog } from './checkLog.ts';
import { checkNatsServer } from './checkNatsServer.ts';
import { checkNode } from './checkNode.ts';
import { checkSettings } from './checkSettings.ts';
import { examine } from './examination.ts';
import type { Check } from './examination.ts';

/** What a check finds in an environment in which no system runs, each as one line. */
async function found(check: Check, env: Record<string, string>): Promise<string[]> {
  const findings = await check(examine(env, '/nowhere'));
  return findings.map(({ wrong, remedy }) => `${wrong} ${remedy}`);
}

test('a Node that cannot run the project is named', () => {
  expect(checkNode()).toEqual([]);
  const { clone, '@jobstream/server': server } = nodeFloors;
  expect(checkNode(clone)).toEqual([]);
  expect(checkNode('24.3.0')).toEqual([
    { wrong: 'This is Node 24.3.0, and 24.4 or newer is needed.', remedy: 'Install a newer one.' },
  ]);
  expect(checkNode('22.12.0', server)).toEqual([]);
  expect(checkNode('22.11.0', server)).toMatchObject([
    { wrong: 'This is Node 22.11.0, and 22.12 or newer is needed.' },
  ]);
});

test('invalid and misspelt settings are named', async () => {
  expect(await found(checkSettings, { PATH: '/bin' })).toEqual([]);
  expect(await found(checkSettings, { PORT: 'http', WORKER_CONCURENCY: '5' })).toEqual([
    'expected PORT to be a port number from 0 to 65535, got: http. Correct the setting: docs/configuration.md.',
    'WORKER_CONCURENCY is not a setting and has no effect: is WORKER_CONCURRENCY meant? Correct the name of the variable.',
  ]);
});

describe('the program for the embedded NATS', () => {
  test('is looked for where NATS_SERVER says, and not needed beside NATS_URL', async () => {
    expect(await found(checkNatsServer, { NATS_SERVER: await resolveNatsServer() })).toEqual([]);
    expect(await found(checkNatsServer, { NATS_SERVER: '/bin/true' })).toEqual([
      'NATS_SERVER=/bin/true is not a nats-server that runs here. Correct NATS_SERVER, or leave it out.',
    ]);
    expect(await found(checkNatsServer, { NATS_SERVER: '/bin/true', NATS_URL: 'nats://127.0.0.1:1' })).toEqual([]);
  });

  test('is too old on the PATH', async () => {
    await using folder = await mkdtempDisposable(path.join(os.tmpdir(), 'jobstream-old-'));
    await writeFile(path.join(folder.path, 'nats-server'), '#!/bin/sh\necho nats-server: v2.9.1\n', { mode: 0o755 });
    const env = { PATH: folder.path, XDG_CACHE_HOME: folder.path };
    expect(await found(checkNatsServer, env)).toEqual([
      'The nats-server on the PATH is 2.9.1, which is too old. npm start fetches a newer one, or install nats-server 2.15.',
    ]);
  });
});

test('a log that has reached its limit is named', async () => {
  await using nats = await startNats({ binary: await resolveNatsServer(), monitored: true, maxFileStore: 20_000 });
  const env = { NATS_MONITOR_URL: nats.monitorUrl ?? '' };
  expect(await found(checkDisk, env)).toEqual([]);
  const log = new EventLog({ url: nats.url, name: 'test', deadlineMs: 500 });
  await log.start();
  await eventually(async () => {
    // One may be refused because it took too long.
    await log.append(newJob(undefined, 'email'), 0).catch(() => undefined);
    expect(await found(checkDisk, env)).toEqual([expect.stringMatching(/stores no more: .+ Free some space/)]);
  });
  await log.stop();
});

test('NATS that is away, without the streams, or right', async () => {
  const away = `nats://user:secret@127.0.0.1:${await freePort()}`;
  const [unreachable = ''] = await found(checkLog, { NATS_URL: away });
  expect(unreachable).toMatch(
    /^NATS at nats:\/\/127\.0\.0\.1:\d+ cannot be reached: .+ Start it, or correct NATS_URL\.$/,
  );
  await using nats = await startNats();
  const streams = 'JOBS, TIMERS, WORKERS, TYPES';
  expect(await found(checkLog, { NATS_URL: nats.url })).toEqual([
    `The streams ${streams} are missing at ${nats.url}. Run npm run migrate, or start the API, which creates them where its user may.`,
  ]);
});

test('a database that lacks tables, refuses the password, does not exist, or is away', async () => {
  const url = await createDatabase();
  const changed = (change: Partial<URL>) => Object.assign(new URL(url), change).href;
  expect(await found(checkDatabase, { DATABASE_URL: url })).toEqual([
    expect.stringMatching(/lacks tables: .+ has not been run.+ Run npm run migrate\.$/),
  ]);
  await migrate(url);
  expect(await found(checkDatabase, { DATABASE_URL: url })).toEqual([]);
  expect(await found(checkDatabase, { DATABASE_URL: changed({ password: 'wrong' }) })).toEqual([
    expect.stringMatching(/ refuses the user jobstream or its password\. Correct DATABASE_URL\.$/),
  ]);
  expect(await found(checkDatabase, { DATABASE_URL: changed({ pathname: '/other' }) })).toEqual([
    expect.stringMatching(/ has no database other\. Create it \(createdb other\), or correct DATABASE_URL\.$/),
  ]);
  expect(await found(checkDatabase, { DATABASE_URL: changed({ port: String(await freePort()) }) })).toEqual([
    expect.stringMatching(/ cannot be used: .*ECONNREFUSED.*\. Start it, or correct DATABASE_URL\.$/),
  ]);
});

test('an API that does not answer is named', async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  expect(await found(checkApi, {})).toEqual([]);
  expect(await found(checkApi, { JOBSTREAM_URL: url })).toEqual([
    `The API at ${url} does not answer. Start it, or correct its address.`,
  ]);
});
