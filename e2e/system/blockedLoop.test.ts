import path from 'node:path';
import { JobstreamClient } from '@jobstream/client';
import { repositoryRoot } from '@jobstream/servers';
import { eventually, type RunningSystem, scratchDataFolder, startSystem, TestProcess } from '@jobstream/test-support';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loseAttempt, startBlocking } from '../harness/loseAttempt.ts';

const COMMAND_LINE = path.join(repositoryRoot, 'apps', 'cli', 'src', 'main.ts');

let system: RunningSystem;
let client: JobstreamClient;
let folder = '';

beforeAll(async () => {
  folder = await scratchDataFolder('blocked-loop');
  system = await startSystem(folder);
  client = new JobstreamClient({ url: system.api, jobWarnings: false });
});

afterAll(() => system.stop());

async function printed(...args: readonly string[]): Promise<string> {
  await using command = TestProcess.node(COMMAND_LINE, { args, env: { JOBSTREAM_URL: system.api }, ipc: false });
  await command.ended;
  return command.stdout;
}

test('an attempt that was lost because its handler blocked the event loop tells so, wherever it is looked at', async () => {
  await using first = await startBlocking(system.nats);
  const { id, worker } = await loseAttempt(first, { nats: system.nats, client, until: path.join(folder, 'go-on') });
  const lost = new RegExp(
    `attempt 1 was lost: worker ${worker} was silent for \\d+ s, its event loop was blocked: see threads`,
  );
  await eventually(async () => expect(await printed('why', id)).toMatch(lost));
  expect(await printed('get', id)).toMatch(lost);
  expect(await printed('get', id, '--events')).toMatch(new RegExp(`JobStarted +attempt 2 on .*\\n${lost.source}`));
  const document = JSON.parse(await printed('why', id, '--json')) as object;
  expect(document).toMatchObject({ lostAttempts: [{ attempt: 1, worker, because: expect.stringMatching(/blocked/) }] });
});

test('of a worker whose process has ended, the end of its output is to be read', async () => {
  await using first = await startBlocking(system.nats);
  const { id, worker } = await loseAttempt(first, {
    nats: system.nats,
    client,
    until: path.join(folder, 'killed'),
    meanwhile: () => first.kill('SIGKILL'),
  });
  await eventually(async () =>
    expect(await printed('why', id)).toMatch(
      `attempt 1 was lost: worker ${worker} stopped answering and is gone: it has ended, or its event loop is blocked; read the end of its output`,
    ),
  );
});
