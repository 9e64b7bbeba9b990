import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { GatheredChanges } from './readAgain.ts';

const source = path.join(import.meta.dirname, '..');

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('how often something is read again stands in one file', () => {
  const files = globSync('**/*.{ts,tsx}', { cwd: source }).filter((file) => !file.includes('.test.'));
  const polling = files.filter((file) => /refetchInterval/.test(readFileSync(path.join(source, file), 'utf8')));
  expect(files.length).toBeGreaterThan(100);
  expect(polling).toEqual([path.join('live', 'readAgain.ts')]);
});

test('many changes are read once, and once more where the last came shortly before', () => {
  const read: number[] = [];
  const began = Date.now();
  const changes = new GatheredChanges(() => read.push(Date.now() - began));
  for (let ms = 0; ms < 1_900; ms += 100) {
    changes.note();
    vi.advanceTimersByTime(100);
  }
  vi.advanceTimersByTime(60_000);
  expect(read).toEqual([2_000, 4_000]);
});

test('a single change is read once, and the next again', () => {
  const onGathered = vi.fn<() => void>();
  const changes = new GatheredChanges(onGathered);
  changes.note();
  vi.advanceTimersByTime(60_000);
  expect(onGathered).toHaveBeenCalledTimes(1);
  changes.note();
  vi.advanceTimersByTime(1_900);
  expect(onGathered).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(60_000);
  expect(onGathered).toHaveBeenCalledTimes(2);
  changes.note();
  changes.forget();
  vi.advanceTimersByTime(60_000);
  expect(onGathered).toHaveBeenCalledTimes(2);
});
