import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { TestProcess } from '@jobstream/test-support';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startCommandStage, type CommandStage } from '../testing/commandStage.ts';
import { runCommand } from '../testing/runCommand.ts';

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
  expect(got.stdout).toMatch(/ JobCreated\n.* JobStarted +attempt 1 on \S+, version \S+\n[^]* JobCompleted +in /u);
});

test('why says in a sentence why a job does not run, and what to do', async () => {
  const { stdout: id } = await stage.run('enqueue', 'sleep', '{"durationMs": 1}', '--delay', '1h', '--quiet');
  const { code, stdout } = await stage.run('why', id.trim());
  expect([code, stdout]).toEqual([
    0,
    expect.stringMatching(/^It is delayed: due in \S+\.\nIf it is not needed any more: jobstream cancel \S+\n$/u),
  ]);
  const json = await stage.run('why', id.trim(), '--json');
  expect(JSON.parse(json.stdout)).toMatchObject({ status: 'scheduled', waitingFor: { reason: 'due' } });
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
  expect(await stage.run('enqueue', 'sleep', '{"durationMs": 8}', ...options)).toMatchObject({
    code: 2,
    stderr: 'jobstream: Idempotency key reused: Idempotency-Key: the first request with this key had another body\n',
  });
});

test('the exit code of a wait says whether the job completed, failed, or has not ended', async () => {
  const completed = await stage.run('enqueue', 'sleep', '{"durationMs": 1}', '--wait');
  expect(completed).toMatchObject({ code: 0, stdout: expect.stringMatching(/^status +completed$/mu) });
  const failing = ['enqueue', 'sleep', '{"durationMs": 1, "failTimes": 9}', '--max-attempts', '1', '--wait', '30s'];
  expect(await stage.run(...failing)).toMatchObject({ code: 1, stdout: expect.stringMatching(/^status +failed$/mu) });
  const early = await stage.run('enqueue', 'sleep', '{"durationMs": 1}', '--delay', '1h', '--wait', '1ms');
  expect(early).toMatchObject({ code: 2, stdout: expect.stringMatching(/^status +scheduled$/mu) });
  expect(early.stderr).toMatch(
    /^jobstream: after 1ms the job is still scheduled\. It is delayed: due in .+\. To go on waiting: jobstream get [-0-9a-f]{36} --wait\n$/u,
  );
});

test('a quiet wait prints the id alone, and its exit code says how the job has ended', async () => {
  const quiet = ['--quiet', '--wait', '30s'];
  const id = expect.stringMatching(/^[-0-9a-f]{36}\n$/u) as string;
  expect(await stage.run('enqueue', 'sleep', '{"durationMs": 1}', ...quiet)).toEqual({
    code: 0,
    stdout: id,
    stderr: '',
  });
  const failing = ['enqueue', 'sleep', '{"durationMs": 1, "failTimes": 9}', '--max-attempts', '1'];
  expect(await stage.run(...failing, ...quiet)).toEqual({ code: 1, stdout: id, stderr: '' });
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

async function enqueue(...args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await stage.run('enqueue', ...args, '--quiet');
  expect(stderr).toBe('');
  return stdout.trim();
}

/** Postgres follows the log: what was created is in lists a moment later. */
const listed = (args: readonly string[], count: number) =>
  expect.poll(async () => (await stage.run('list', ...args, '--json')).stdout.split('\n').length - 1).toBe(count);

test('list shows a table to people, and a document on each line to programs', async () => {
  const ids = [
    await enqueue('sleep', '{}', '--tag', 'listed', '--delay', '1h'),
    await enqueue('sleep', '{}', '--tag', 'listed', '--delay', '1h'),
  ];
  await listed(['--tag', 'listed'], 2);
  const table = await stage.run('list', '--tag', 'listed', '--status', 'scheduled');
  expect(table).toMatchObject({ code: 0, stderr: '' });
  expect(table.stdout.split('\n').map((line) => line.split(/ {2,}/u))).toEqual([
    ['ID', 'TYPE', 'STATUS', 'ATTEMPT', 'CREATED', 'TAGS', 'NOTE'],
    [ids[1], 'sleep', 'scheduled', '0/5', expect.any(String), 'listed', expect.stringMatching(/^due in \d+m/u)],
    [ids[0], 'sleep', 'scheduled', '0/5', expect.any(String), 'listed', expect.stringMatching(/^due in \d+m/u)],
    [''],
  ]);
  const { stdout } = await stage.run('list', '--tag', 'listed', '--json');
  const documents = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { id: string });
  expect(documents.map(({ id }) => id)).toEqual(ids.toReversed());
});

test('list says when there are more, and when there are none', async () => {
  for (const _ of [1, 2, 3]) await enqueue('sleep', '{}', '--tag', 'many', '--delay', '1h');
  await listed(['--tag', 'many'], 3);
  const some = await stage.run('list', '--tag', 'many', '--limit', '2');
  expect(some.stdout.trim().split('\n')).toHaveLength(3);
  expect(some.stderr).toBe('There are more jobs: --limit <n> or --all shows them.\n');
  expect(await stage.run('list', '--tag', 'many', '--limit', '3')).toMatchObject({ stderr: '' });
  expect(await stage.run('list', '--tag', 'none')).toEqual({
    code: 0,
    stdout: '',
    stderr: 'There are no such jobs.\n',
  });
});

test('the table fits into the terminal, and only a terminal without NO_COLOR gets colours', async () => {
  const tag = 'x'.repeat(100);
  await enqueue('sleep', '{}', '--tag', tag, '--delay', '1h');
  await listed(['--tag', tag], 1);
  const run = (env: Record<string, string>) =>
    runCommand(['list', '--tag', tag], { columns: 110, env: { JOBSTREAM_URL: stage.api, ...env } });
  const plain = (await run({ NO_COLOR: '1' })).stdout;
  expect(plain.split('\n').map(({ length }) => length)).toEqual([expect.any(Number), 110, 0]);
  expect(plain).toContain('xxx…');
  expect((await run({})).stdout).toContain('\u001b[2mscheduled\u001b[22m');
});

test('watch follows a job until it ends, and its exit code is the outcome', async () => {
  const id = await enqueue('email', '{"to": "user@example.com"}');
  const { code, stdout } = await stage.run('watch', id, '--json');
  const names = stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { event: string }).event);
  expect({ code, names }).toEqual({ code: 0, names: ['JobCreated', 'JobStarted', 'JobCompleted'] });
  const failing = await enqueue('sleep', '{"durationMs": 1, "failTimes": 9}', '--max-attempts', '1');
  const failed = await stage.run('watch', failing);
  expect(failed).toMatchObject({ code: 1, stderr: '' });
  expect(failed.stdout).toMatch(/^[\d:.]+ {2}JobFailed +attempts-exhausted: Error: told to fail/mu);
});

test('watch follows all jobs until Ctrl-C', async () => {
  const interrupt = new AbortController();
  const settings = { env: { JOBSTREAM_URL: stage.api }, signal: interrupt.signal };
  const watching = runCommand(['watch', '--after', '0', '--type', 'email', '--event', 'JobCompleted'], settings);
  const id = await enqueue('email', '{"to": "user@example.com"}');
  await stage.run('get', id, '--wait', '30s');
  interrupt.abort();
  expect(await watching).toMatchObject({ code: 130, stderr: expect.stringMatching(/^Following the events of .*\n$/u) });
});

test('cancel and retry change each job, and tell of those that cannot be changed', async () => {
  const id = await enqueue('sleep', '{}', '--delay', '1h');
  const cancelled = await stage.run('cancel', id, 'unknown', '--reason', 'not needed');
  expect(cancelled).toEqual({
    code: 2,
    stdout: `${id}  sleep  cancelled\n`,
    stderr: 'jobstream: unknown: Job not found: no job has this id\n',
  });
  expect(await stage.run('retry', id)).toMatchObject({ code: 0, stdout: `${id}  sleep  pending\n` });
  expect((await stage.run('get', id, '--events')).stdout).toMatch(/JobCancelled +not needed\n.*JobRequeued/u);
});

test('cancel and retry change the jobs of a filter, and ask before', async () => {
  for (const _ of [1, 2, 3]) await enqueue('sleep', '{}', '--tag', 'campaign', '--delay', '1h');
  await listed(['--tag', 'campaign'], 3);
  const cancel = ['cancel', '--tag', 'campaign'] as const;
  const counted = await stage.run(...cancel, '--dry-run');
  expect(counted).toEqual({ code: 0, stdout: '3 jobs would be cancelled\n', stderr: '' });
  const question = 'this would cancel 3 jobs: confirm it with --yes';
  expect(await stage.run(...cancel)).toEqual({ code: 64, stdout: '', stderr: `jobstream: ${question}\n` });
  const answer = (input: string) =>
    runCommand([...cancel, '--reason', 'withdrawn'], { env: { JOBSTREAM_URL: stage.api }, terminal: true, input });
  const asked = 'Cancel 3 jobs? [y/N] ';
  expect(await answer('\n')).toEqual({ code: 2, stdout: '', stderr: `${asked}Nothing is changed.\n` });
  const progress = '\r\u001B[K3 of 3 jobs\r\u001B[K';
  expect(await answer('y\n')).toEqual({ code: 0, stdout: '3 jobs cancelled\n', stderr: asked + progress });
  await listed(['--tag', 'campaign', '--status', 'cancelled'], 3);
  const retried = await stage.run('retry', '--tag', 'campaign', '--status', 'cancelled', '--yes', '--json');
  expect(JSON.parse(retried.stdout)).toEqual({ matched: 3, changed: 3, skipped: 0, failed: 0 });
  const none = await stage.run('retry', '--tag', 'campaign', '-y');
  expect(none).toEqual({ code: 0, stdout: 'There are no such jobs.\n', stderr: '' });
});

test('run-now ends the wait of a job, retry takes another payload, and rerun creates a job like one that has ended', async () => {
  const id = await enqueue('sleep', '{"durationMs": 1, "failTimes": 9}', '--delay', '1h', '--max-attempts', '1');
  expect(await stage.run('run-now', id)).toMatchObject({ code: 0, stdout: expect.stringContaining(`${id}  sleep`) });
  expect(await stage.run('get', id, '--wait', '30s')).toMatchObject({ code: 1 });
  expect(await stage.run('retry', '--payload', '{}', '--all')).toMatchObject({ code: 64 });
  expect(await stage.run('retry', id, '--payload', '{"durationMs": 2}', '--reason', 'mended')).toMatchObject({
    code: 0,
  });
  const mended = await stage.run('get', id, '--wait', '30s', '--events');
  expect(mended).toMatchObject({ code: 0, stdout: expect.stringContaining('payload   {"durationMs":2}') });
  const rerun = await stage.run('rerun', id, '--wait', '30s', '--json');
  expect(JSON.parse(rerun.stdout)).toMatchObject({ status: 'completed', rerunOf: id, payload: { durationMs: 2 } });
});

test('types are listed, paused, resumed, checked and removed', async () => {
  for (const step of ['pause', 'resume'])
    expect(await stage.run('types', step, 'nosuch')).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/^jobstream: no job and no worker has the type nosuch: there are .*webhook/u),
    });
  expect(await stage.run('types', 'pause', 'webhook')).toMatchObject({ code: 0, stdout: 'webhook is paused\n' });
  expect((await stage.run('types')).stdout).toMatch(/^TYPE +STATE +WORKERS .*\n[^]*^webhook +paused +1 /mu);
  expect(await stage.run('types', 'resume', 'webhook')).toMatchObject({ stdout: 'webhook is active, 0 pending\n' });
  await stage.run('types', 'pause', 'webhook', '--reason', 'alone');
  const paused = await stage.run('types', 'pause', '--all', '--reason', 'move', '--until', '2100-01-01T00:00:00Z');
  expect(paused).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^\d+ job types are paused, to resume in \d+d; paused on their own: webhook\n$/u),
  });
  expect(JSON.parse((await stage.run('types', 'resume', '--all', '--json')).stdout)).toMatchObject({
    items: expect.arrayContaining([expect.objectContaining({ type: 'email', paused: false })]) as unknown,
  });
  await stage.run('types', 'resume', 'webhook');
  expect((await stage.run('types', 'resume', '--all')).stdout).toMatch(/^\d+ job types are active\n$/u);
  for (const wrong of [[], ['email', '--all']])
    expect(await stage.run('types', 'pause', ...wrong)).toMatchObject({
      code: 64,
      stderr: 'jobstream: give a job type, or --all\n',
    });
  expect(await stage.run('types', 'check', 'webhook', 'warn')).toMatchObject({ stdout: 'webhook: warn\n' });
  expect(await stage.run('types', 'check', 'webhook', 'ignore')).toMatchObject({ code: 64 });
  expect(await stage.run('types', 'remove', 'unheard-of')).toMatchObject({ stdout: 'unheard-of is removed\n' });
});

test('schedules are created, replaced, listed, shown and deleted', async () => {
  const words = ['schedules', 'create', 'nightly', '0 3 * * *', 'sleep', '{"durationMs": 1}'];
  const created = await stage.run(...words, '--time-zone', 'Europe/Berlin', '--tag', 'night');
  expect(created).toMatchObject({ code: 0, stderr: '' });
  expect(created.stdout).toMatch(/^name +nightly\ncron +0 3 \* \* \* \(Europe\/Berlin\)\nenabled +yes\n/u);
  expect(await stage.run(...words)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Schedule already exists'),
  });
  const replaced = await stage.run(...words, '--replace', '--disabled', '--json');
  expect(JSON.parse(replaced.stdout)).toMatchObject({
    enabled: false,
    timeZone: 'UTC',
    job: { payload: { durationMs: 1 } },
  });
  expect((await stage.run('schedules')).stdout).toMatch(/\nnightly +0 3 \* \* \* +UTC +sleep +disabled\n$/u);
  expect((await stage.run('schedules', 'get', 'nightly', '--json')).stdout).toBe(replaced.stdout);
  expect(await stage.run('schedules', 'run', 'nightly')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/ {2}sleep {2}/u),
  });
  expect(await stage.run('schedules', 'delete', 'nightly')).toMatchObject({ stdout: 'nightly is deleted\n' });
  expect(await stage.run('schedules', 'get', 'nightly')).toMatchObject({ code: 2 });
});

test('workers and stats show the service', async () => {
  expect((await stage.run('workers')).stdout).toMatch(/^WORKER +STATE .*\n\S+ +live +\d+ .* email,webhook,sleep\n$/u);
  const { stdout } = await stage.run('stats');
  expect(stdout).toMatch(/^TYPE .*COMPLETED.*\n[^]*^all +\d/mu);
  const lately = await stage.run('stats', '--window', '1h');
  expect(lately.stdout).toMatch(
    /^TYPE +CREATED +COMPLETED .* RUN P95 .*\n[^]*^all +\d+ .*\dm?s\nFrom (?:\S+ )?[\d:.]+ to /mu,
  );
  expect(JSON.parse((await stage.run('stats', '--window', '1h', '--json')).stdout)).toMatchObject({
    activity: { resolution: 'minute', byType: { email: { failed: 0 } } },
  });
  expect((await stage.run('stats', '--type', 'sleep')).stdout).toMatch(
    /^TYPE .*\nsleep .*\nall .*\n(?:The table is .* behind the log\.\n)?$/u,
  );
});

test('export writes jobs with their events into one file, whose digest sha256sum would confirm', async () => {
  for (const _ of [1, 2]) await enqueue('sleep', '{"durationMs": 1}', '--tag', 'exported', '--delay', '1h');
  await listed(['--tag', 'exported'], 2);
  const folder = path.dirname(stage.dataDir);
  const output = `incident-${path.basename(stage.dataDir)}.jsonl`;
  const settings = { env: { JOBSTREAM_URL: stage.api }, folder };
  const written = await runCommand(['export', '--tag', 'exported', '-o', output], settings);
  const text = await readFile(path.join(folder, output), 'utf8');
  const digest = createHash('sha256').update(text).digest('hex');
  expect(written).toEqual({ code: 0, stderr: '', stdout: `${digest}  ${output}\n` });
  const [header, ...jobs] = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  expect(header).toMatchObject({ jobs: 2, complete: true, filter: { tag: 'exported' } });
  expect(jobs).toMatchObject([1, 2].map(() => ({ job: { tags: ['exported'] }, events: [{ event: 'JobCreated' }] })));
  expect(await runCommand(['export', '--tag', 'exported', '-o', output], settings)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('it exists, and is not overwritten'),
  });
  await rm(path.join(folder, output));
  const part = await stage.run('export', '--tag', 'exported', '--limit', '1');
  expect(part.stderr).toContain('There are more jobs: the file has the newest 1.');
  expect(part.stdout.split('\n')).toHaveLength(3);
});

/** Its system is found by the data folder, not by an address. */
const settings = () => ({ cwd: path.dirname(stage.dataDir), env: { DATA_DIR: stage.dataDir }, ipc: false });

describe('as a program', () => {
  const main = path.join(import.meta.dirname, 'main.ts');

  test('it finds the system that runs in the folder, and Ctrl-C ends it with 130', async () => {
    await using watching = TestProcess.node(main, { ...settings(), args: ['watch', '--after', '0'] });
    await watching.wrote('JobCreated');
    watching.kill('SIGINT');
    expect(await watching.ended).toBe(130);
    expect(watching.stderr).toBe(`Following the events of ${stage.api}; Ctrl-C ends it.\n`);
  });

  test.each([
    [['verify', '--nope'], /^Unknown option '--nope'; for help: npm run jobstream -- verify --help\n$/u],
    [['keys', 'delete'], /^expected create .*, got: delete; for help: npm run jobstream -- keys --help\n$/u],
  ])(
    '%j, passed on to a program, is wrong usage too, and commands are named as they are typed',
    async (args, sentence) => {
      await using program = TestProcess.node(main, { ...settings(), args });
      expect({ code: await program.ended, stdout: program.stdout }).toEqual({ code: 64, stdout: '' });
      expect(program.stderr).toMatch(sentence);
    },
  );

  test('it ends quietly when nobody reads its output any more', async () => {
    const script = `{ '${process.execPath}' '${main}' watch --after 0; echo "code $?" >&2; } | head -n 1`;
    await using piped = new TestProcess('/bin/sh', { ...settings(), args: ['-c', script], group: true });
    await piped.wrote('JobCreated');
    while (piped.isRunning) await enqueue('sleep', '{}', '--delay', '1h');
    expect(await piped.ended).toBe(0);
    expect(piped.stdout.trim().split('\n')).toHaveLength(1);
    expect(piped.stderr).toBe(`Following the events of ${stage.api}; Ctrl-C ends it.\ncode 0\n`);
  });
});
