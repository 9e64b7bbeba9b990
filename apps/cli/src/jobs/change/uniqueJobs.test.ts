import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCommandStage, type CommandStage } from '../../../testing/commandStage.ts';

let stage: CommandStage;

beforeAll(async () => {
  stage = await startCommandStage();
});

afterAll(() => stage[Symbol.asyncDispose]());

test('a unique job is created once, and enqueue says which there is already', async () => {
  const held = ['enqueue', 'sleep', '{"durationMs": 1, "of": "4711"}', '--unique-by', 'payload.of'];
  const created = await stage.run(...held, '--unique-while', 'waiting', '--delay', '1h');
  expect(created).toMatchObject({ code: 0, stderr: '' });
  const [id = ''] = created.stdout.split(' ');
  const stderr = `no job was created: ${id} holds the unique key\n`;
  expect(await stage.run(...held)).toMatchObject({ code: 0, stdout: created.stdout, stderr });
  expect(await stage.run(...held, '--quiet')).toEqual({ code: 0, stdout: `${id}\n`, stderr: '' });
  const { stdout } = await stage.run(...held, '--json', '--wait', '1ms');
  expect(JSON.parse(stdout)).toMatchObject({ id, existing: true, status: 'scheduled' });
  expect((await stage.run('get', id)).stdout).toMatch(/^unique +by payload\.of, while waiting$/mu);
  // Those that have ended count as well.
  await stage.run('cancel', id);
  expect(await stage.run(...held, '--unique-for', '1h')).toMatchObject({ stderr });
  expect(await stage.run('enqueue', 'sleep', '{"of": 2}', '--unique-by', 'payload.of', '--delay', '1h')).toMatchObject({
    stderr: '',
  });
});

test('a repetition of a unique job says whether it was created', async () => {
  const unique = ['--unique-by', 'payload.durationMs', '--unique-for', '1h'];
  const { stdout } = await stage.run('enqueue', 'sleep', '{"durationMs": 7}', ...unique, '--wait', '30s');
  expect(stdout).toMatch(/^unique +by payload\.durationMs, for 1h$/mu);
  const [id = ''] = /[-0-9a-f]{36}/u.exec(stdout) ?? [];
  const stderr = `no job was created: ${id} holds the unique key\n`;
  expect(await stage.run('rerun', id)).toMatchObject({ code: 0, stderr });
  const json = await stage.run('rerun', id, '--wait', '--json');
  expect(JSON.parse(json.stdout)).toMatchObject({ id, existing: true, status: 'completed' });
});
