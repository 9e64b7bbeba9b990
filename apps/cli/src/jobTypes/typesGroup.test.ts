import { expect, test } from 'vitest';
import { answeringApi } from '../../testing/answeringApi.ts';
import { runCommand } from '../../testing/runCommand.ts';

/** What `jobstream types` prints when the API lists `items`. */
async function printedTypes(items: readonly object[]): Promise<string[]> {
  await using api = await answeringApi({ 'GET /api/types': { items } });
  const { stdout } = await runCommand(['types'], { env: { JOBSTREAM_URL: api.url } });
  return stdout.split('\n');
}

test('a type is listed as active only while a worker of it lives, also if one has announced it', async () => {
  const type = { announced: true, paused: false, backlog: 2, inFlight: 0, workers: [] };
  const items = [
    { ...type, type: 'lives', workers: [{ worker: 'w' }] },
    { ...type, type: 'lived' },
    { ...type, type: 'rests', paused: true },
  ];
  const states = (await printedTypes(items)).map((line) => line.split(/ {2,}/u).slice(0, 3));
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
  const [headings] = await printedTypes([plain]);
  expect(headings).not.toContain('SIGNALS');
  const lines = await printedTypes([plain, order]);
  expect([lines[0], lines[2]]).toEqual([
    expect.stringMatching(/ {2}SIGNALS$/),
    expect.stringMatching(/ {2}approved, paid$/),
  ]);
});
