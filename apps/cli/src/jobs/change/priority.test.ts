import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCommandStage, type CommandStage } from '../../../testing/commandStage.ts';

let stage: CommandStage;

beforeAll(async () => {
  stage = await startCommandStage();
});

afterAll(() => stage[Symbol.asyncDispose]());

/** Of a job that waits for an hour. */
async function enqueue(...options: readonly string[]): Promise<string> {
  const { stdout, stderr } = await stage.run('enqueue', 'sleep', '{}', '--delay', '1h', '--quiet', ...options);
  expect(stderr).toBe('');
  return stdout.trim();
}

async function get(id: string): Promise<object> {
  return JSON.parse((await stage.run('get', id, '--json')).stdout) as object;
}

test('a job is created with a priority, which get shows, and list while it can matter', async () => {
  const tag = ['--tag', 'created'];
  const high = await enqueue('--priority', 'high', ...tag);
  const normal = await enqueue('--priority', 'normal', ...tag);
  expect((await stage.run('get', high, '--events')).stdout).toMatch(
    /^priority +high$[^]* JobCreatedWithPriority +high priority, due /mu,
  );
  expect((await stage.run('get', normal)).stdout).not.toMatch(/priority/u);
  const notes = async () => {
    const { stdout } = await stage.run('list', ...tag, '--sort', 'oldest');
    return stdout
      .split('\n')
      .slice(1, -1)
      .map((line) => line.split(/ {2,}/u).at(6));
  };
  const due = expect.stringMatching(/^due in/u) as string;
  await expect.poll(notes).toEqual([expect.stringMatching(/^high priority, due in/u), due]);
  await stage.run('cancel', high);
  await expect.poll(notes).toEqual([undefined, due]);
});

test('priority changes the priorities of jobs, with a reason, and tells of those that do not wait', async () => {
  const ids = [await enqueue(), await enqueue('--priority', 'low')];
  const ended = await enqueue();
  await stage.run('cancel', ended);
  expect(await stage.run('priority', ...ids, ended, 'high', '--reason', 'the customer waits')).toEqual({
    code: 0,
    stdout: ids.map((id) => `${id}  sleep  scheduled  high priority\n`).join(''),
    stderr: expect.stringMatching(new RegExp(`^jobstream: ${ended}: .*only a job that waits can be given`, 'u')),
  });
  expect((await stage.run('get', ids[0] ?? '', '--events')).stdout).toMatch(
    /JobPriorityChanged +high priority, the customer waits\n/u,
  );
  expect(await stage.run('priority', ids[1] ?? '', 'normal')).toMatchObject({
    stdout: `${ids[1]}  sleep  scheduled\n`,
  });
  expect(await get(ids[1] ?? '')).not.toHaveProperty('priority');
  expect(await stage.run('priority', 'unknown', 'low')).toMatchObject({ code: 2 });
  for (const id of ids) {
    await stage.run('run-now', id);
    expect(await stage.run('get', id, '--wait', '30s')).toMatchObject({ code: 0 });
  }
});

test('priority changes that of the jobs of a filter, and asks before', async () => {
  const ids = [await enqueue('--tag', 'many'), await enqueue('--tag', 'many', '--priority', 'low')];
  const words = ['priority', 'low', '--tag', 'many'];
  await expect
    .poll(async () => (await stage.run(...words, '--dry-run')).stdout)
    .toBe('2 jobs would be given low priority\n');
  const question = 'this would give low priority to 2 jobs: confirm it with --yes';
  expect(await stage.run(...words)).toEqual({ code: 64, stdout: '', stderr: `jobstream: ${question}\n` });
  expect(await stage.run(...words, '--yes')).toMatchObject({
    code: 0,
    stdout: '1 job given low priority, 1 had it, or had moved on\n',
  });
  for (const id of ids) expect(await get(id)).toMatchObject({ priority: 'low' });
});

test('a schedule gives its jobs a priority', async () => {
  const words = ['schedules', 'create', 'urgent', '0 3 * * *', 'sleep', '{"durationMs": 1}'];
  const created = await stage.run(...words, '--priority', 'high');
  expect(created).toMatchObject({ code: 0, stdout: expect.stringMatching(/^priority +high$/mu) });
  const { id } = JSON.parse((await stage.run('schedules', 'run', 'urgent', '--json')).stdout) as { id: string };
  expect(await get(id)).toMatchObject({ priority: 'high' });
  expect((await stage.run(...words, '--replace')).stdout).not.toMatch(/priority/u);
});
