import { fileURLToPath } from 'node:url';
import { TestProcess } from '@jobstream/test-support';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCommandStage, type CommandStage } from '../../testing/commandStage.ts';
import { runCommand } from '../../testing/runCommand.ts';

let stage: CommandStage;
/** Its jobs of the type talk log what their payload says, and fail where that is `no`. */
let worker: TestProcess;

beforeAll(async () => {
  stage = await startCommandStage();
  const script = fileURLToPath(new URL('../../../../libs/worker/testing/loggingWorker.ts', import.meta.url));
  worker = TestProcess.node(script, { env: { NATS_URL: stage.nats }, ipc: false });
  await worker.logged('ready');
});

afterAll(async () => {
  await worker[Symbol.asyncDispose]();
  await stage[Symbol.asyncDispose]();
});

const enqueue = async (...args: string[]) => (await stage.run('enqueue', ...args, '--quiet')).stdout.trim();

test('logs of an attempt that there was not are an error', async () => {
  const id = await enqueue('sleep', '{"durationMs": 1}');
  await stage.run('get', id, '--wait');
  expect(await stage.run('logs', id, '--attempt', '7')).toEqual({
    code: 2,
    stdout: '',
    stderr: 'jobstream: there is no attempt 7: the job has had 1 attempt\n',
  });
  expect(await stage.run('logs', id, '--attempt', '1')).toMatchObject({ code: 0 });
});

test('the lines of an attempt are not mixed with those of the same attempt before a retry, and it is said which is shown', async () => {
  await expect
    .poll(async () => (await stage.run('schedules')).stdout)
    .toMatch(/ DEFINED BY\nyearly-talk +@yearly +UTC +talk +in \S+ +\S+-\d+-[0-9a-f]+\n$/u);
  expect((await stage.run('schedules', 'get', 'yearly-talk')).stdout).toMatch(/^definition +of the worker \S+$/mu);
  const id = await enqueue('talk', '{"say": "no"}');
  await stage.run('get', id, '--wait');
  const linesOf = async (...args: string[]) => {
    const { code, stdout, stderr } = await stage.run('logs', id, '--json', ...args);
    const said = stdout.split('\n').filter(Boolean);
    return { code, said: said.map((line) => (JSON.parse(line) as { message: string }).message), stderr };
  };
  await expect.poll(() => linesOf()).toEqual({ code: 0, said: ['no'], stderr: '' });
  await stage.run('retry', id, '--payload', '{"say": "yes"}', '--wait');
  await expect.poll(() => linesOf()).toMatchObject({ code: 0, said: ['yes'] });
  const when = '(?:now|\\d+s ago)';
  const after = new RegExp(`^Attempt 1 after the retry ${when}; another one has that number: --retry 0\\.\\n$`, 'u');
  expect((await linesOf()).stderr).toMatch(after);
  expect(await linesOf('--follow')).toMatchObject({ said: ['yes'], stderr: expect.stringMatching(after) });
  const first = await linesOf('--attempt', '1', '--retry', '0');
  expect(first).toMatchObject({ code: 0, said: ['no'] });
  expect(first.stderr).toMatch(new RegExp(`^Attempt 1 before the retry ${when}; .*: --retry 1\\.\\n$`, 'u'));
  expect(await linesOf('--retry', '2')).toEqual({
    code: 2,
    said: [],
    stderr: 'jobstream: there is no attempt 1 after retry 2: the job has had 2 attempts\n',
  });
});

test('a retried job that has not begun again is followed until it has', async () => {
  const id = await enqueue('talk', '{"say": "no"}');
  const failed = await stage.run('get', id, '--wait');
  expect(failed.stdout).toMatch(/^definition +maxAttempts 1, as \S+ has announced$/mu);
  expect(await stage.run('types', 'pause', 'talk')).toMatchObject({ code: 0 });
  await stage.run('retry', id, '--payload', '{"say": "again"}');
  const chosen = Promise.withResolvers<string>();
  const env = { JOBSTREAM_URL: stage.api };
  const following = runCommand(['logs', id, '--follow', '--json'], { env, onNote: chosen.resolve });
  expect(await Promise.race([chosen.promise, following])).toMatch(/^Attempt 1 after the retry /u);
  await stage.run('types', 'resume', 'talk');
  const { code, stdout } = await following;
  expect({ code, ...(JSON.parse(stdout) as object) }).toMatchObject({ code: 0, message: 'again' });
});
