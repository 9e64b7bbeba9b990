import { expect, test } from 'vitest';
import { answeringApi } from '../../testing/answeringApi.ts';
import { runCommand } from '../../testing/runCommand.ts';

test('a type is listed as active only while a worker of it lives, also if one has announced it', async () => {
  const type = { announced: true, paused: false, backlog: 2, inFlight: 0, workers: [] };
  const items = [
    { ...type, type: 'lives', workers: [{ worker: 'w' }] },
    { ...type, type: 'lived' },
    { ...type, type: 'rests', paused: true },
  ];
  await using api = await answeringApi({ 'GET /api/types': { items } });
  const { stdout } = await runCommand(['types'], { env: { JOBSTREAM_URL: api.url } });
  const states = stdout.split('\n').map((line) => line.split(/ {2,}/u).slice(0, 3));
  expect(states.slice(1, -1)).toEqual([
    ['lives', 'active', '1'],
    ['lived', 'no worker', '0'],
    ['rests', 'paused', '0'],
  ]);
});
