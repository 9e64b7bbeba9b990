import { forEachTest, readTable } from '@jobstream/test-support';
import { beforeEach, expect, test } from 'vitest';
import { appendLife, startLoad } from '../../testing/jobLoad.ts';
import { projectorStage } from '../../testing/projectorStage.ts';
import { spawnTask } from '../../testing/spawnProjector.ts';
import { startProjector } from '../../testing/startProjector.ts';
import { watchTable } from '../../testing/watchTable.ts';

const stage = forEachTest(projectorStage);
let env: Record<string, string>;

beforeEach(async () => {
  env = { NATS_URL: stage.nats.url, DATABASE_URL: stage.databaseUrl };
});

async function run(name: 'rebuild' | 'verify', ...args: string[]) {
  await using task = spawnTask(name, args, env);
  return { how: await task.ended, output: task.output };
}

test(
  'a rebuild killed at any point continues or begins again, and the table always matches the log',
  { tags: ['exact'] },
  async () => {
    await using _projector = await startProjector(stage);
    await Promise.all(Array.from({ length: 1_000 }, () => appendLife(stage.eventLog)));
    await using load = startLoad(stage.eventLog, 2);
    await using watch = watchTable(stage.readModel);
    for (const point of ['reading the log', 'making indexes', 'statistics', 'comparing', 'swapping: 0']) {
      await using rebuild = spawnTask('rebuild', [], env);
      await rebuild.wrote(point);
      rebuild.kill('SIGKILL');
      await rebuild.ended;
    }
    expect(await run('rebuild')).toMatchObject({ how: 0, output: expect.stringContaining('equal in') });
    await load.stop();
    await stage.projectedAll();
    await watch.stop();
    expect(watch.faults).toEqual([]);
    expect(await run('verify')).toMatchObject({ how: 0 });
    expect(await stage.sql('SELECT FROM projection_rebuilds')).toEqual([]);
  },
);

test('SIGTERM stops a rebuild, and the next one continues its work', async () => {
  await using _projector = await startProjector(stage);
  await Promise.all(Array.from({ length: 500 }, () => appendLife(stage.eventLog)));
  await stage.projectedAll();
  await using reader = await readTable(stage.databaseUrl, 'jobs'); // so that it is not done before it is told to stop
  await using rebuild = spawnTask('rebuild', [], env);
  await rebuild.wrote('making indexes');
  rebuild.kill('SIGTERM');
  expect(await rebuild.ended).toBe(2);
  expect(rebuild.output).toContain('stopped');
  await reader[Symbol.asyncDispose]();
  expect(await run('rebuild')).toMatchObject({ how: 0, output: expect.not.stringContaining('reading the log: 0 of') });
});

test('exit codes and lines report the differences', async () => {
  await using _projector = await startProjector(stage);
  const job = await appendLife(stage.eventLog);
  await stage.projectedAll();
  await stage.sql(`UPDATE jobs SET attempt = 9`);
  const line = `job ${job}: attempt is 9, but 1 by the log`;
  expect(await run('verify')).toMatchObject({ how: 1, output: expect.stringContaining(line) });
  expect(await run('rebuild')).toMatchObject({ how: 1, output: expect.stringContaining(line) });
  expect(await run('rebuild', '--cancel')).toMatchObject({ how: 0, output: expect.stringContaining('is cancelled') });
  expect(await run('verify', '--repair')).toMatchObject({
    how: 0,
    output: expect.stringContaining('repaired: 1 job,'),
  });
  expect(await run('verify')).toMatchObject({ how: 0 });
  expect(await run('rebuild', '--rollback')).toMatchObject({ how: 2, output: expect.stringContaining('no earlier') });
});

test('an unreachable server is reported in one sentence with exit code 2', async () => {
  env = { ...env, DATABASE_URL: 'postgres://127.0.0.1:1/jobstream' };
  expect(await run('verify')).toEqual({
    how: 2,
    output: expect.stringMatching(/^the read model is not available.*\n$/),
  });
  env = { ...env, NATS_URL: 'nats://127.0.0.1:1' };
  expect(await run('rebuild')).toEqual({
    how: 2,
    output:
      'NATS at nats://127.0.0.1:1 cannot be reached: the connection was refused. Start it, or correct NATS_URL.\n',
  });
});
