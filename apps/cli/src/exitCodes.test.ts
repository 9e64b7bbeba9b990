import { freePort } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { answeringApi } from '../testing/answeringApi.ts';
import { runCommand } from '../testing/runCommand.ts';

const id = '01a21007-5d41-7b37-bb26-e9f0e3028d57';
const counts = { matched: 2, changed: 2, skipped: 0, failed: 0, total: 2, done: true };
const bulk = (end: object) => ({ 'POST /api/jobs/cancel': { ...counts, ...end } });
const ended = (end: object) => ({
  'POST /api/operations': { id, matched: 2, total: 2 },
  [`GET /api/operations/${id}`]: {
    id,
    kind: 'replay',
    total: 2,
    done: 2,
    skipped: 0,
    failed: 0,
    status: 'completed',
    ...end,
  },
});
const proof = (status: string) => ({
  'GET /api/verification': { last: { status, finishedAt: '2026-11-30T08:00:00Z' } },
});
const cancelAll = ['cancel', '--all', '--yes'];
const replayAll = ['replay', '--all', '--yes'];

test.each<[what: string, code: number, args: readonly string[], answers: Record<string, object>]>([
  ['all jobs are changed', 0, cancelAll, bulk({})],
  ['some have moved on', 0, cancelAll, bulk({ changed: 1, skipped: 1 })],
  ['one could not be changed', 2, cancelAll, bulk({ changed: 1, failed: 1 })],
  ['the change ended early', 2, cancelAll, bulk({ stopped: 'deadline-exceeded' })],
  ['a change of many jobs is only counted', 0, ['cancel', '--all', '--dry-run'], bulk({})],
  ['all jobs are replayed', 0, replayAll, ended({})],
  ['some jobs are skipped', 0, replayAll, ended({ done: 1, skipped: 1 })],
  ['a job could not be replayed', 2, replayAll, ended({ done: 1, failed: 1 })],
  ['an operation is cancelled', 2, replayAll, ended({ status: 'cancelled' })],
  ['a replay is not waited for', 0, [...replayAll, '--detach'], ended({ status: 'running' })],
  ['table and log are equal', 0, ['proof'], proof('equal')],
  ['table and log differ', 1, ['proof'], proof('differs')],
  ['the table lags', 1, ['proof'], proof('lags')],
  ['it is not known whether they are equal', 2, ['proof'], proof('failed')],
  ['they were never compared', 2, ['proof'], { 'GET /api/verification': {} }],
  ['there is no such job', 2, ['get', id], {}],
  ['the command line makes no sense', 64, ['get'], {}],
  ['there is no such command', 64, ['obliterate'], {}],
  ['help is asked for', 0, ['--help'], {}],
])('the exit code where %s is %i', async (_what, code, args, answers) => {
  await using api = await answeringApi(answers);
  expect(await runCommand(args, { env: { JOBSTREAM_URL: api.url } })).toMatchObject({ code });
});

test.each([
  ['y', 0, 0],
  ['n', 2, 2],
])(
  'after the answer %s to the question whether many jobs are meant, cancel ends with %i and replay with %i',
  async (answer, ...codes) => {
    await using api = await answeringApi({ ...bulk({}), ...ended({}) });
    const terminal = { env: { JOBSTREAM_URL: api.url }, input: `${answer}\n`, terminal: true };
    const ran = [await runCommand(['cancel', '--all'], terminal), await runCommand(['replay', '--all'], terminal)];
    expect(ran.map(({ code }) => code)).toEqual(codes);
  },
);

test('the exit code without an API is 2, and after Ctrl-C 130', async () => {
  const env = { JOBSTREAM_URL: `http://127.0.0.1:${await freePort()}` };
  expect(await runCommand(['list'], { env })).toMatchObject({ code: 2 });
  expect(await runCommand(['list'], { env, signal: AbortSignal.abort() })).toMatchObject({ code: 130 });
});
