import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCommandStage, type CommandStage } from '../../testing/commandStage.ts';
import { runCommand } from '../../testing/runCommand.ts';

let stage: CommandStage;

beforeAll(async () => {
  stage = await startCommandStage();
});

afterAll(() => stage[Symbol.asyncDispose]());

test('enqueue creates a job, and get waits for it and shows it', async () => {
  const { code, stdout } = await stage.run(
    'enqueue',
    'sleep',
    '{"durationMs": 1}',
    '--tag',
    'a',
    '--tag',
    'b',
    '--quiet',
  );
  expect(code).toBe(0);
  const id = stdout.trim();
  const got = await stage.run('get', id, '--wait', '30s', '--events');
  expect(got).toMatchObject({ code: 0, stderr: '' });
  expect(got.stdout).toMatch(/^id +\S+\ntype +sleep\nstatus +completed\ntags +a, b\n/u);
  expect(got.stdout).toMatch(/ JobCreated\n.* JobStarted +attempt 1 on \S+\n[^]* JobCompleted +in /u);
});

test('with --json the job is one document, with its history where that was asked for', async () => {
  const created = await stage.run('enqueue', 'email', '{"to": "user@example.com"}', '--json');
  const { id } = JSON.parse(created.stdout) as { id: string };
  const { stdout } = await stage.run('get', id, '--wait', '30s', '--events', '--json');
  expect(stdout.split('\n')).toHaveLength(2);
  expect(JSON.parse(stdout)).toMatchObject({
    id,
    status: 'completed',
    events: [{ event: 'JobCreated' }, { event: 'JobStarted' }, { event: 'JobCompleted' }],
  });
});

test('the options of enqueue are those of the job', async () => {
  const options = ['--delay', '1h', '--max-attempts', '2', '--timeout', '5s', '--idempotency-key', 'options', '--json'];
  const created = await runCommand(['enqueue', 'sleep', '-', ...options], {
    env: { JOBSTREAM_URL: stage.api },
    input: '{"durationMs": 7}',
  });
  const { id } = JSON.parse(created.stdout) as { id: string };
  const { stdout } = await stage.run('get', id, '--json');
  expect(JSON.parse(stdout)).toMatchObject({
    status: 'scheduled',
    payload: { durationMs: 7 },
    maxAttempts: 2,
    timeoutMs: 5_000,
  });
  const again = await stage.run('enqueue', 'sleep', '{"durationMs": 7}', ...options);
  expect(JSON.parse(again.stdout)).toMatchObject({ id });
});

test('the exit code of a wait says whether the job completed, failed, or has not ended', async () => {
  const completed = await stage.run('enqueue', 'sleep', '{"durationMs": 1}', '--wait', '30s');
  expect(completed).toMatchObject({ code: 0, stdout: expect.stringMatching(/^status +completed$/mu) });
  const failing = ['enqueue', 'sleep', '{"durationMs": 1, "failTimes": 9}', '--max-attempts', '1', '--wait', '30s'];
  expect(await stage.run(...failing)).toMatchObject({ code: 1, stdout: expect.stringMatching(/^status +failed$/mu) });
  const early = await stage.run('enqueue', 'sleep', '{"durationMs": 1}', '--delay', '1h', '--wait', '1ms');
  expect(early).toMatchObject({ code: 2, stdout: expect.stringMatching(/^status +scheduled$/mu) });
});

test('what the API refuses is a sentence with each mistake, and its advice a warning', async () => {
  expect(await stage.run('get', 'unknown')).toEqual({
    code: 2,
    stdout: '',
    stderr: 'jobstream: Job not found: no job has this id\n',
  });
  expect(await stage.run('enqueue', 'email', '{"to": 7}')).toEqual({
    code: 2,
    stdout: '',
    stderr: 'jobstream: Invalid request: /payload/to must be a string or an array\n',
  });
  expect(await stage.run('enqueue', 'emial')).toMatchObject({
    code: 0,
    stderr: 'warning: no worker has announced the type emial; did you mean email?\n',
  });
});
