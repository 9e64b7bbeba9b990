import { randomUUID } from 'node:crypto';
import { JobstreamClient } from '@jobstream/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCommandStage, type CommandStage } from '../../../testing/commandStage.ts';
import { runCommand } from '../../../testing/runCommand.ts';

let stage: CommandStage;
let client: JobstreamClient;

beforeAll(async () => {
  stage = await startCommandStage();
  client = new JobstreamClient({ url: stage.api, jobWarnings: false });
});

afterAll(() => stage[Symbol.asyncDispose]());

/** Cancelled jobs in the table, and the beginning of a command that replays them. */
async function cancelledJobs(...payloads: readonly object[]) {
  const type = `type-${randomUUID()}`;
  const jobs = await client.jobs.createBatch(payloads.map((payload) => ({ type, payload })));
  for (const { id } of jobs) await client.jobs.cancel(id);
  const filter = { type, status: 'cancelled' } as const;
  const listed = async () => (await client.jobs.listPage(filter)).items.length;
  await expect.poll(listed).toBe(payloads.length);
  return { type, replay: ['replay', '--type', type, '--status', 'cancelled'] };
}

/** The payloads of the jobs that were made, as a set. */
async function replayed(type: string): Promise<readonly unknown[]> {
  const { items } = await client.jobs.listPage({ type, status: 'pending' });
  return items.map(({ payload }) => payload);
}

const answer = (args: readonly string[], input: string) =>
  runCommand(args, { env: { JOBSTREAM_URL: stage.api }, terminal: true, input });

test('a patch that would make one value of many says so and asks, and changes nothing without a yes', async () => {
  const mails = Array.from({ length: 7 }, (_, n) => ({ to: `customer-${n}`, n: 1 }));
  const { type, replay } = await cancelledJobs(...mails, { to: 'customer-0' });
  const patched = [...replay, '--patch', '{"to": "me", "n": 1}'];
  const piped = await stage.run(...patched);
  expect(piped).toMatchObject({ code: 64, stderr: expect.stringContaining('replay 8 jobs: confirm it with --yes') });
  const refused = await answer(patched, 'n\n');
  expect(refused.stderr).toContain(
    '/to: 7 different values become one, in 8 jobs: "customer-0" (2 jobs), "customer-1", ',
  );
  expect(refused.stderr).toContain('"customer-4" and 2 more\n');
  expect(refused.stderr).toContain('Replay 8 jobs? [y/N] ');
  expect(refused).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/Nothing is changed\.\n$/u) });
  expect(await replayed(type)).toEqual([]);
  for await (const { status } of client.operations.list()) expect(status).toBe('cancelled');
  expect(await answer(patched, 'y\n')).toMatchObject({ code: 0, stdout: '8 jobs replayed\n' });
  await expect.poll(() => replayed(type)).toEqual(Array.from({ length: 8 }, () => ({ to: 'me', n: 1 })));
});

test('with --yes it is not asked, and nevertheless said', async () => {
  const { replay } = await cancelledJobs({ to: 'a' }, { to: 'b' });
  const patched = await stage.run(...replay, '--patch', '{"to": "me"}', '--yes');
  expect(patched).toEqual({
    code: 0,
    stdout: '2 jobs replayed\n',
    stderr: '/to: 2 different values become one, in 2 jobs: "a", "b"\n',
  });
});

test('jobs whose payloads cannot be compared are asked for one by one', async () => {
  const sealed = ['one', 'two', 'three'].map((token) => ({ $jwe: token }));
  const { type, replay } = await cancelledJobs(...sealed);
  const patched = [...replay, '--patch', '{"$jwe": "four"}'];
  const none = await answer(patched, 'n\nn\nn\n');
  expect(none.stderr).toContain('The payloads of 3 jobs are encrypted: they cannot be compared.\n');
  expect(none.stderr.match(/ \{"\$jwe":"(?:one|two|three)"\}\nReplay this job\? \[y\/N\] /gu)).toHaveLength(3);
  expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining('Nothing is changed.') });
  expect(await answer(patched, 'y\nn\ny\n')).toMatchObject({ code: 0, stdout: '2 jobs replayed\n' });
  await expect.poll(() => replayed(type)).toEqual([{ $jwe: 'four' }, { $jwe: 'four' }]);
});

test('fields are renamed, set where they are missing and removed without a question of values', async () => {
  const { type, replay } = await cancelledJobs({ from: 'a', cc: 1 }, { from: 'b', locale: 'de' });
  const edits = ['--rename', '/from=/sender', '--set-if-missing', '/locale="en"', '--remove', '/cc'];
  expect(await answer([...replay, ...edits], 'y\n')).toEqual({
    code: 0,
    stdout: '2 jobs replayed\n',
    stderr: expect.stringMatching(/^Replay 2 jobs\? \[y\/N\] (?!.*different)/u),
  });
  const expected = [
    { sender: 'a', locale: 'en' },
    { sender: 'b', locale: 'de' },
  ];
  await expect.poll(() => replayed(type)).toEqual(expect.arrayContaining(expected));
});

test.each([
  ['--rename', '/from', 'Expected two paths'],
  ['--rename', 'from=sender', 'Expected two paths'],
  ['--set-if-missing', '/locale=en', 'Expected a path and a value of JSON'],
  ['--set-if-missing', 'locale="en"', 'Expected a path and a value of JSON'],
  ['--remove', 'cc', 'Expected a path'],
])('%s %s is a mistake in the use of the command', async (option, value, message) => {
  const mistaken = await stage.run('replay', '--all', option, value);
  expect(mistaken).toMatchObject({ code: 64, stderr: expect.stringContaining(message) });
});
