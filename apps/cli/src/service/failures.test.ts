import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCommandStage, type CommandStage } from '../../testing/commandStage.ts';

let stage: CommandStage;

beforeAll(async () => {
  stage = await startCommandStage();
});

afterAll(() => stage[Symbol.asyncDispose]());

/** Enqueues a job with each of the tags besides the first, and waits until the table has them as failed. */
async function fail(type: string, payload: string, [shared, ...own]: readonly [string, ...string[]]) {
  for (const tag of own)
    await stage.run('enqueue', type, payload, '--max-attempts', '1', '--tag', shared, '--tag', tag);
  const failed = ['--tag', shared, '--status', 'failed', '--json'];
  const count = async () => (await stage.run('list', ...failed)).stdout.split('\n').length - 1;
  await expect.poll(count).toBe(own.length);
}

test('failures are shown in groups', async () => {
  await fail('sleep', '{"durationMs": 1, "failTimes": 9}', ['doomed', 'first', 'second']);
  const { code, stdout } = await stage.run('failures', '--window', '1h', '--type', 'sleep', '--json');
  const group = JSON.parse(stdout.split('\n')[0] ?? '') as { count: number; message: string };
  expect({ code, message: group.message }).toEqual({ code: 0, message: 'told to fail: attempt <n> of <n>' });
  expect(group.count).toBeGreaterThanOrEqual(2);
  expect((await stage.run('failures')).stdout).toMatch(
    /^ *JOBS +TYPE +ERROR +MESSAGE .* GROUP\n.* sleep +Error +told to fail: /u,
  );
});

test('what the jobs of a group of failures share is shown with counts', async () => {
  await fail('webhook', '{"url": "http://127.0.0.1:9/"}', ['shared', 'of:globex', 'of:acme', 'of:initech']);
  const groups = await stage.run('failures', '--type', 'webhook', '--json');
  const { id } = JSON.parse(groups.stdout.split('\n')[0] ?? '') as { id: string };
  expect(id).toMatch(/^webhook-[a-z0-9-]+-[0-9a-f]{16}$/);
  const { code, stdout } = await stage.run('failures', id, '--window', '1h');
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: expect.stringMatching(
      /^3 jobs of the group, compared with 0 others of the type:\nSHARED +VALUE +IN THE GROUP +ELSEWHERE\n[^]*^tag +shared +3 of 3 +0 of 0$/mu,
    ),
  });
  expect(stdout).not.toContain('of:');
  expect(stdout).toMatch(/^worker version +\d\S+ +3 of 3 /mu);
  const shared = JSON.parse((await stage.run('failures', id, '--json')).stdout) as object;
  expect(shared).toMatchObject({ failure: id, jobs: 3, traits: expect.any(Array) });
  const byDigest = JSON.parse((await stage.run('failures', id.slice(-16), '--json')).stdout) as object;
  expect(byDigest).toMatchObject({ jobs: 3 });
  expect((await stage.run('list', '--failure', id, '--json')).stdout.trimEnd().split('\n')).toHaveLength(3);
  const none = 'No job of this group has failed in the window, or all were retried since.\n';
  expect(await stage.run('failures', '0'.repeat(16))).toMatchObject({ code: 1, stdout: none });
  expect(await stage.run('failures', id, '--limit', '1')).toMatchObject({
    code: 64,
    stderr: expect.stringContaining('--type and --limit choose groups: leave them out with the name of one'),
  });
});
