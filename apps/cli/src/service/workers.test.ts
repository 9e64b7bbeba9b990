import { expect, test } from 'vitest';
import { answeringApi } from '../../testing/answeringApi.ts';
import { runCommand } from '../../testing/runCommand.ts';

const at = (hour: number) => `2026-11-27T0${hour}:00:00.000Z`;

test('workers that ended in order have stopped or were replaced, and those that said nothing are lost', async () => {
  const gone = { host: 'build-7', types: ['email'], live: false, runningCount: 0, running: [] };
  const items = [
    { ...gone, worker: 'a', name: 'shop', startedAt: at(1), stoppedAt: at(3) },
    { ...gone, worker: 'b', name: 'shop', startedAt: at(3), live: true },
    { ...gone, worker: 'c', name: 'shop', startedAt: at(3), live: true, stopping: true },
    { ...gone, worker: 'd', name: 'bank', startedAt: at(1), stoppedAt: at(3) },
    { ...gone, worker: 'e', name: 'bank', startedAt: at(1) },
  ];
  await using api = await answeringApi({ 'GET /api/workers': { items } });
  const { stdout } = await runCommand(['workers'], { env: { JOBSTREAM_URL: api.url } });
  const states = stdout.split('\n').map((line) => line.split(/ +/u).slice(0, 2));
  expect(states.slice(1, -1)).toEqual([
    ['a', 'replaced'],
    ['b', 'live'],
    ['c', 'stopping'],
    ['d', 'stopped'],
    ['e', 'lost'],
  ]);
});
