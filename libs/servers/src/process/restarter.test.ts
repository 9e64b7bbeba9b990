import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Restarter } from './restarter.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('the pause doubles up to half a minute while it does not stay up, and begins anew once it did', async () => {
  const said: string[] = [];
  const restarter = new Restarter(
    'worker',
    async () => {},
    (line) => void said.push(line),
  );
  for (let round = 0; round < 8; round += 1) {
    restarter.ended('exit code 1');
    await vi.advanceTimersByTimeAsync(30_000);
    vi.setSystemTime(Date.now() - 30_000); // as if it had ended right after its start
  }
  const pauses = said.flatMap((line) => /in ([\d.]+) s/.exec(line)?.[1] ?? []);
  expect(pauses).toEqual(['0.5', '1', '2', '4', '8', '16', '30', '30']);
  await vi.advanceTimersByTimeAsync(120_000);
  restarter.ended('exit code 1');
  expect(said.at(-1)).toBe('worker ended (exit code 1); starting it again in 0.5 s');
});

test('a start that fails counts as another end', async () => {
  const said: string[] = [];
  const restarter = new Restarter(
    'nats',
    () => Promise.reject(new Error('no port')),
    (line) => void said.push(line),
  );
  restarter.ended('SIGKILL');
  await vi.advanceTimersByTimeAsync(500);
  expect(said.at(-1)).toBe('nats ended (no port); starting it again in 1 s');
  restarter.stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(said).toHaveLength(2);
});
