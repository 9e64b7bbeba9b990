import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCommandStage, type CommandStage } from '../../testing/commandStage.ts';

let stage: CommandStage;

beforeAll(async () => {
  stage = await startCommandStage();
});

afterAll(() => stage[Symbol.asyncDispose]());

test('compare shows a job beside another one, or beside the last that has succeeded', async () => {
  const enqueue = async (payload: object) =>
    (
      await stage.run('enqueue', 'sleep', JSON.stringify(payload), '--max-attempts', '1', '--quiet', '--wait')
    ).stdout.trim();
  const good = await enqueue({ durationMs: 1 });
  const bad = await enqueue({ durationMs: 2, failTimes: 1 });
  const { code, stdout } = await stage.run('compare', bad, good);
  expect(code).toBe(0);
  expect(stdout).toMatch(/THIS JOB +THE OTHER ONE\nid .*\ntype +sleep +sleep\nstatus +failed +completed\n/u);
  expect(stdout).toMatch(/\nversion of the worker +\d\S+ +\d\S+\n/u);
  expect(stdout).toMatch(/\nran for +\S+ +\S+\nThe error differs:\n {2}\+ Error: .*\n {2}- none\n/u);
  expect(stdout).toMatch(/\nThe payload differs:\n {2}\+ \{.*"failTimes":1.*\}\n {2}- \{"durationMs":1\}\n/u);
  const last = await stage.run('compare', bad, '--json');
  expect(JSON.parse(last.stdout)).toMatchObject({ job: { id: bad }, other: { type: 'sleep', status: 'completed' } });
  const { stdout: lone } = await stage.run('enqueue', 'never-runs', '--quiet');
  const none = await stage.run('compare', lone.trim());
  expect(none).toMatchObject({ code: 1, stdout: expect.stringContaining('No other job of the type never-runs') });
});
