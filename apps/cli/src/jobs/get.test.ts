import { expect, test } from 'vitest';
import { answeringApi } from '../../testing/answeringApi.ts';
import { runCommand } from '../../testing/runCommand.ts';

const id = '01a21007-5d41-7b37-bb26-e9f0e3028d57';
const at = '2026-01-01T12:34:00.000Z';
const ended = { id, type: 'mail', status: 'failed', attempt: 1, maxAttempts: 1, version: 9, tags: [], payload: null };
const without = { ...ended, createdAt: at, updatedAt: at, error: { name: 'Error', message: 'busy' } };
const job = { ...without, stepsRecorded: 3 };
const items = [
  { name: 'charge', attempt: 1, endedAt: at, durationMs: 12, result: { id: 'ch_1' } },
  { name: 'send', key: 'ada', attempt: 1, endedAt: at, durationMs: 3 },
  {
    name: 'send',
    key: 'eve\u001b[2J',
    attempt: 1,
    endedAt: at,
    durationMs: 4,
    error: { name: 'Error', message: 'busy' },
  },
];

async function get(answers: Readonly<Record<string, object>>, ...options: readonly string[]) {
  await using api = await answeringApi(answers);
  return await runCommand(['get', id, ...options], { env: { JOBSTREAM_URL: api.url } });
}

const withSteps = { [`GET /api/jobs/${id}`]: job, [`GET /api/jobs/${id}/steps`]: { items } };

test('get shows the steps of a job, with their results and errors', async () => {
  const { code, stdout, stderr } = await get(withSteps);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout.split('\n').filter((line) => line.startsWith('step'))).toEqual([
    'step, attempt 1  charge in 12ms: {"id":"ch_1"}',
    'step, attempt 1  send ada in 3ms',
    'step, attempt 1  send eve failed: Error: busy', // without what a terminal would obey
  ]);
});

test('of a job that sleeps it is shown until when, and how long its attempt has run', async () => {
  const sleeping = { ...without, status: 'waiting', startedAt: at, runAt: '2100-01-01T00:00:00.000Z', ranMs: 72_000 };
  const { stdout } = await get({ [`GET /api/jobs/${id}`]: sleeping }, '--utc');
  expect(stdout).toMatch(/^status +waiting$/mu);
  expect(stdout).toMatch(/^run at +2100-01-01/mu);
  expect(stdout).toMatch(/^ran +1m 12s before its last wait$/mu);
  const done = { ...sleeping, status: 'completed', finishedAt: '2026-01-01T12:34:02.000Z' };
  expect((await get({ [`GET /api/jobs/${id}`]: done }, '--utc')).stdout).toMatch(/, 2s after it went on$/mu);
});

test('of a job that waits for a signal it is shown for which, what it has read and what it has not', async () => {
  const until = '2100-01-01T00:00:00.000Z';
  const waiting = { ...without, status: 'waiting', awaits: ['approved', 'rejected'], unread: { note: 2, paid: 1 } };
  const steps = [
    { name: 'payment', attempt: 1, endedAt: at, durationMs: 0, result: 5, signal: { id: 's', name: 'paid' } },
    { name: 'approval', attempt: 1, endedAt: at, durationMs: 0, waitsUntil: until },
  ];
  const answers = {
    [`GET /api/jobs/${id}`]: { ...waiting, stepsRecorded: 2 },
    [`GET /api/jobs/${id}/steps`]: { items: steps },
  };
  const { stdout } = await get(answers, '--utc');
  expect(stdout).toMatch(/^waits for +approved or rejected$/mu);
  expect(stdout).toMatch(/^unread +note \(2\), paid$/mu);
  expect(stdout.split('\n').filter((line) => line.startsWith('step'))).toEqual([
    'step, attempt 1  payment read the signal paid: 5',
    `step, attempt 1  approval waits for a signal, its time limit is over ${until}`,
  ]);
});

test('with --json the document has them', async () => {
  const { stdout } = await get(withSteps, '--json');
  expect(JSON.parse(stdout)).toMatchObject({ id, steps: items });
});

test('of a job without steps, and of one as it was, they are not asked for', async () => {
  const { code, stdout } = await get({ [`GET /api/jobs/${id}`]: without }, '--json');
  expect([code, JSON.parse(stdout)]).toEqual([0, without]);
  const past = await get({ [`GET /api/jobs/${id}`]: job }, '--as-of', at, '--json');
  expect([past.code, JSON.parse(past.stdout)]).toEqual([0, job]);
});
