import { expect, test } from 'vitest';
import { AnnouncedBlocks } from './announcedBlocks.ts';

const ACK_WAIT_MS = 10_000;
const END = Date.parse('2026-01-01T12:00:00Z');
const run = (jobType: string, number = 1) => ({ jobId: `${jobType}-${number}`, jobType, attempt: number });

/** The durations of what is announced after blocks of these seconds. */
function keptOf(...seconds: readonly number[]): readonly (number | undefined)[] {
  const blocks = new AnnouncedBlocks(ACK_WAIT_MS);
  for (const [index, duration] of seconds.entries())
    blocks.add({ durationMs: duration * 1_000, runCount: 1, runs: [run('nap')] }, END + index * 60_000);
  return blocks.of('nap')?.map(({ durationMs }) => durationMs / 1_000) ?? [];
}

test('a block is announced with the jobs of the type that ran, from its beginning on', () => {
  const blocks = new AnnouncedBlocks(ACK_WAIT_MS);
  const runs = [run('nap'), run('email', 2), ...Array.from({ length: 7 }, (_run, index) => run('resize', index + 1))];
  expect(blocks.add({ durationMs: 2_500, runCount: 9, runs }, END)).toEqual(['nap', 'email', 'resize']);
  const block = { since: '2026-01-01T11:59:57.500Z', durationMs: 2_500 };
  expect(blocks.of('email')).toEqual([{ ...block, jobs: [{ jobId: 'email-2', attempt: 2 }] }]);
  expect(blocks.of('resize')?.[0]?.jobs).toHaveLength(5);
  expect(blocks.of('sleep')).toBeUndefined();
});

test('of more than ten the oldest goes, and one that cost no job before one that may have', () => {
  expect(keptOf(1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3)).toEqual([2, 3, 4, 1, 2, 3, 4, 1, 2, 3]);
  expect(keptOf(5, 12, 1, 9, 8, 7, 6, 5, 6, 7, 8)).toEqual([5, 12, 9, 8, 7, 6, 5, 6, 7, 8]);
  expect(keptOf(11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21)).toEqual([12, 13, 14, 15, 16, 17, 18, 19, 20, 21]);
});
