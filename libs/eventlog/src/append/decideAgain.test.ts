import { expect, test } from 'vitest';
import { ConcurrentAppendError } from '../errors.ts';
import { decideAgain } from './decideAgain.ts';

/** What loses against other writers so many times, or fails, and counts how often it was tried. */
function losing(times: number, then: () => string = () => 'appended') {
  const tried = { count: 0 };
  const work = async () => {
    tried.count += 1;
    if (tried.count <= times) throw new ConcurrentAppendError('the job', tried.count);
    return then();
  };
  return { tried, work };
}

test('it is decided again after each conflict, up to the eighth try', async () => {
  const { tried, work } = losing(7);
  expect(await decideAgain(work)).toBe('appended');
  expect(tried.count).toBe(8);
});

test('the eighth conflict is what it fails with', async () => {
  const { tried, work } = losing(8);
  await expect(decideAgain(work)).rejects.toThrow('the job has moved on from sequence 8');
  expect(tried.count).toBe(8);
});

test('any other failure ends it at once', async () => {
  const { tried, work } = losing(1, () => {
    throw new Error('away');
  });
  await expect(decideAgain(work)).rejects.toThrow('away');
  expect(tried.count).toBe(2);
});
