import { expect, test } from 'vitest';
import { answeringApi } from '../../testing/answeringApi.ts';
import { runCommand } from '../../testing/runCommand.ts';

const at = '2026-01-01T12:34:00.000Z';
const job = {
  type: 'mail',
  attempt: 1,
  maxAttempts: 3,
  version: 4,
  tags: [],
  payload: null,
  createdAt: at,
  updatedAt: at,
};

test('of a job that sleeps the list says until when', async () => {
  const sleeping = { ...job, id: 'a', status: 'waiting', runAt: '2100-01-01T00:00:00.000Z', ranMs: 5 };
  await using api = await answeringApi({ 'GET /api/jobs': { items: [sleeping], nextCursor: null } });
  const options = ['list', '--status', 'waiting', '--utc'];
  const { code, stdout, stderr } = await runCommand(options, { env: { JOBSTREAM_URL: api.url } });
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^a +mail +waiting +1\/3 .* sleeps, due 2100-01-01T00:00:00\.000Z$/mu);
});
