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

test('the signals of types are a column where a type takes some', async () => {
  const type = { announced: true, paused: false, backlog: 0, inFlight: 0, workers: [] };
  const plain = { ...type, type: 'email' };
  const order = { ...type, type: 'order', signals: { approved: { type: 'object' }, paid: null } };
  const listed = async (items: readonly object[]) => {
    await using api = await answeringApi({ 'GET /api/types': { items } });
    return (await runCommand(['types'], { env: { JOBSTREAM_URL: api.url } })).stdout;
  };
  expect(await listed([plain])).not.toContain('SIGNALS');
  const lines = (await listed([plain, order])).split('\n');
  expect([lines[0], lines[2]]).toEqual([
    expect.stringMatching(/ {2}SIGNALS$/),
    expect.stringMatching(/ {2}approved, paid$/),
  ]);
});
