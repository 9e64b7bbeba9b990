import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCommandStage, type CommandStage } from '../../testing/commandStage.ts';

let stage: CommandStage;

beforeAll(async () => {
  stage = await startCommandStage();
});

afterAll(() => stage[Symbol.asyncDispose]());

async function enqueue(...args: readonly string[]): Promise<string> {
  return (await stage.run('enqueue', ...args, '--quiet')).stdout.trim();
}

/** Postgres follows the log: what was created is in lists a moment later. */
const listed = (args: readonly string[], count: number) =>
  expect.poll(async () => (await stage.run('list', ...args, '--json')).stdout.split('\n').length - 1).toBe(count);

test('replay creates jobs anew and follows them, and audit tells who did it', async () => {
  for (const _ of [1, 2]) await enqueue('sleep', '{"durationMs": 1}', '--tag', 'replayed', '--delay', '1h');
  await listed(['--tag', 'replayed'], 2);
  await stage.run('cancel', '--tag', 'replayed', '--yes');
  await listed(['--tag', 'replayed', '--status', 'cancelled'], 2);
  const replay = ['replay', '--tag', 'replayed', '--status', 'cancelled'] as const;
  const counted = await stage.run(...replay, '--dry-run');
  expect(counted).toEqual({ code: 0, stdout: '2 jobs would be replayed\n', stderr: '' });
  expect(await stage.run('replay')).toMatchObject({ code: 64, stderr: expect.stringContaining('give a filter') });
  expect(await stage.run(...replay, '--patch', '{"durationMs": "long"}', '--yes')).toEqual({
    code: 2,
    stdout: expect.stringMatching(/^0 jobs replayed, 2 failed\n {2}2 failed: \/payload\/durationMs .+\n$/u),
    stderr: '',
  });
  const replayed = await stage.run(...replay, '--patch', '{"durationMs": 2}', '--reason', 'once more', '--yes');
  expect(replayed).toEqual({ code: 0, stdout: '2 jobs replayed\n', stderr: '' });
  await listed(['--tag', 'replayed', '--status', 'completed'], 2);
  const told = await stage.run('audit', '--action', 'operation.create');
  expect(told.stdout).toMatch(/^WHEN .*\n\S.* anonymous +operation\.create +succeeded +[-0-9a-f]{36} +once more\n/u);
  const detached = await stage.run(...replay, '--detach', '--yes');
  expect(detached.stdout).toMatch(/^[-0-9a-f]{36}\n$/u);
  const id = detached.stdout.trim();
  expect(await stage.run('operations', 'watch', id)).toEqual({ code: 0, stdout: '2 jobs replayed\n', stderr: '' });
  expect((await stage.run('operations')).stdout).toMatch(
    new RegExp(`^ID +KIND +STATUS +DONE .*\n${id} +replay +completed +2 +0 +0 +2 `, 'u'),
  );
});

test('the list of operations has the reasons of what was skipped or failed, and so has its JSON', async () => {
  for (const _ of [1, 2]) await enqueue('sleep', '{"durationMs": 1}', '--tag', 'reasoned', '--delay', '1h');
  await listed(['--tag', 'reasoned'], 2);
  await stage.run('cancel', '--tag', 'reasoned', '--yes');
  await listed(['--tag', 'reasoned', '--status', 'cancelled'], 2);
  const replay = ['replay', '--tag', 'reasoned', '--patch', '{"durationMs": "long"}', '--yes'];
  expect(await stage.run(...replay, '--reason', 'a try')).toMatchObject({ code: 2 });
  const { stdout } = await stage.run('operations', '--limit', '1');
  expect(stdout).toMatch(/ replay +completed +0 +0 +2 +2 .* a try; 2 failed: \/payload\/durationMs .+\n$/u);
  const [operation] = (await stage.run('operations', 'list', '--limit', '1', '--json')).stdout.split('\n');
  expect(JSON.parse(operation ?? '')).toMatchObject({
    reasons: [{ outcome: 'failed', count: 2, reason: expect.stringContaining('/payload/durationMs') as string }],
  });
});

test('an operation is paused, resumed and cancelled', async () => {
  for (const _ of [1, 2, 3]) await enqueue('sleep', '{"durationMs": 1}', '--tag', 'steered', '--delay', '1h');
  await listed(['--tag', 'steered'], 3);
  await stage.run('cancel', '--tag', 'steered', '--yes');
  await listed(['--tag', 'steered', '--status', 'cancelled'], 3);
  const slow = ['replay', '--tag', 'steered', '--status', 'cancelled', '--rate', '1', '--detach', '--yes', '--json'];
  const { id } = JSON.parse((await stage.run(...slow)).stdout) as { id: string };
  expect(await stage.run('operations', 'pause', id)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^replay is paused: \d of 3 jobs, paused\n$/u),
  });
  expect(await stage.run('operations', 'resume', id)).toMatchObject({
    stdout: expect.stringMatching(/^replay is running: \d of 3 jobs\n$/u),
  });
  expect(await stage.run('operations', 'cancel', id)).toMatchObject({ code: 0 });
  expect((await stage.run('operations', 'watch', id)).stdout).toMatch(/^\d jobs? replayed, then cancelled\n$/u);
  expect(await stage.run('operations', 'resume', id)).toMatchObject({ code: 2 });
});

test('list has the filters and orders of the API', async () => {
  const failing = ['{"durationMs": 1, "failTimes": 9}', '--max-attempts', '1', '--tag', 'wide'];
  const ids = [await enqueue('sleep', ...failing), await enqueue('sleep', '{}', '--tag', 'wide', '--delay', '1h')];
  const statuses = ['--status', 'failed', '--status', 'scheduled'];
  await listed(['--tag', 'wide', '--tag', 'wide', '--type', 'sleep', '--type', 'email', ...statuses], 2);
  const idsOf = async (...args: string[]) =>
    (await stage.run('list', '--tag', 'wide', ...args, '--json')).stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => (JSON.parse(line) as { id: string }).id);
  expect(await idsOf(...statuses, '--sort', 'oldest')).toEqual(ids);
  expect(await idsOf('--error-name', 'Error', '--finished-after', '2020-01-01')).toEqual([ids[0]]);
  expect(await idsOf('--run-before', '2020-01-01')).toEqual([]);
  expect(await idsOf('--error-code', 'none')).toEqual([]);
  expect(await stage.run('list', '--status', 'broken')).toMatchObject({ code: 64 });
  expect(await stage.run('list', '--search', 'customer=ACME')).toMatchObject({
    code: 64,
    stderr: expect.stringContaining('--type is missing: --search looks in the jobs of one type'),
  });
});

test('of a failed job get shows the stack, with the frames of the handler before those of Node and packages', async () => {
  const id = await enqueue('sleep', '{"durationMs": 1, "failTimes": 9}', '--max-attempts', '1');
  const { stdout } = await stage.run('get', id, '--wait');
  expect(stdout).toMatch(/^error +Error: .*\n(?:.*\n)*Error: .*\n {4}at .*apps\/worker\/src\/.*\n/mu);
  expect(stdout).not.toMatch(/at .*node:internal/u);
});

test('retry --wait shows the job when it has ended, with the exit code of its outcome', async () => {
  const id = await enqueue('sleep', '{"durationMs": 1, "failTimes": 9}', '--max-attempts', '1');
  expect(await stage.run('get', id, '--wait')).toMatchObject({ code: 1 });
  expect(await stage.run('retry', id, '--wait')).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/ {2}sleep {2}failed {2}Error: .+\n$/u),
  });
  expect(await stage.run('retry', id, '--wait', '30s', '--payload', '{"durationMs": 1}')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('sleep  completed'),
  });
  expect(await stage.run('retry', '--all', '--wait')).toMatchObject({ code: 64 });
});

test('jobs that have moved on leave the exit code 0 beside others that were changed, and alone make it 2', async () => {
  const [moved, first, second] = [
    await enqueue('sleep', '{"durationMs": 1}'),
    await enqueue('sleep', '{}', '--delay', '1h'),
    await enqueue('sleep', '{}', '--delay', '1h'),
  ];
  await stage.run('get', moved, '--wait');
  const refused = expect.stringMatching(
    `^jobstream: ${moved}: Not allowed in the current state of the job: .*\n$`,
  ) as string;
  expect(await stage.run('cancel', moved, first)).toEqual({
    code: 0,
    stdout: `${first}  sleep  cancelled\n`,
    stderr: refused,
  });
  for (const verb of ['cancel', 'retry', 'run-now'])
    expect(await stage.run(verb, moved)).toEqual({ code: 2, stdout: '', stderr: refused });
  expect(await stage.run('run-now', moved, second)).toMatchObject({ code: 0 });
  expect(await stage.run('retry', moved, first, 'unknown')).toMatchObject({ code: 2 });
});
