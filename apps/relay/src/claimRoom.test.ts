import { expect, test } from 'vitest';
import { claimRoom, LANES } from './claimRoom.ts';

test.each([1, 6, 7, 20, 50])(
  'the claims of %i outboxes are within what the log takes at a time, with their envelopes',
  (outboxes) => {
    const { most, mostBytes } = claimRoom(outboxes);
    const claims = outboxes * LANES;
    expect(claims * most).toBeLessThanOrEqual(20_000);
    expect(claims * ((mostBytes * 4) / 3 + most * 1_000)).toBeLessThanOrEqual(64_000_000);
    expect(most).toBeGreaterThanOrEqual(1);
  },
);

test('a relay of one outbox claims 500 rows of 4 KB, and gives them up before its session is ended', () => {
  expect(claimRoom(1)).toEqual({ most: 500, mostBytes: 2_000_000, mostMs: 9_000 });
});
