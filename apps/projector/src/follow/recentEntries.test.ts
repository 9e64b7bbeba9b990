import type { LogEntry } from '@jobstream/eventlog';
import { describe, expect, test } from 'vitest';
import { RecentEntries } from './recentEntries.ts';

/** Messages with these sequences, of a hundred bytes each. */
function batch(...sequences: number[]): LogEntry[] {
  return sequences.map((sequence) => ({ kind: 'other', sequence, bytes: 100 }));
}

function recent(position: number, ...batches: LogEntry[][]): RecentEntries {
  const entries = new RecentEntries({ entries: 6, bytes: 550 });
  entries.begin(position);
  for (const added of batches) entries.add(added);
  return entries;
}

const sequencesOf = (entries: readonly LogEntry[] | undefined) => entries?.map(({ sequence }) => sequence);

describe('what the table has just read', () => {
  test('is what follows a message, from all batches, up to a count', () => {
    const entries = recent(3, batch(4, 5), batch(6), batch(7, 8));
    expect(sequencesOf(entries.after(3, 100))).toEqual([4, 5, 6, 7, 8]);
    expect(sequencesOf(entries.after(4, 3))).toEqual([5, 6, 7]);
    expect(sequencesOf(entries.after(7, 100))).toEqual([8]);
  });

  test('is nothing where the table has nothing later', () => {
    expect(recent(3).after(3, 10)).toEqual([]);
    expect(recent(3, batch(4)).after(4, 10)).toEqual([]);
  });

  test('is unknown for whoever lags behind what is kept, or is ahead of the table', () => {
    expect(recent(3).after(2, 10)).toBeUndefined();
    expect(recent(3, batch(4)).after(5, 10)).toBeUndefined();
    expect(sequencesOf(recent(3, batch(4)).after(3, 10))).toEqual([4]);
  });

  test('ends at a gap, behind which it is unknown', () => {
    const entries = recent(0, batch(1, 2), batch(5, 6));
    expect(sequencesOf(entries.after(0, 10))).toEqual([1, 2]);
    expect(entries.after(2, 10)).toBeUndefined();
    expect(sequencesOf(entries.after(4, 10))).toEqual([5, 6]);
  });

  test('is bounded in number and bytes: the oldest batches go first', () => {
    const entries = recent(0, batch(1, 2), batch(3, 4), batch(5, 6));
    expect(entries.after(0, 10)).toBeUndefined();
    expect(sequencesOf(entries.after(2, 10))).toEqual([3, 4, 5, 6]);
    entries.add(batch(7, 8, 9, 10, 11, 12, 13));
    expect(entries.after(2, 10)).toBeUndefined();
    expect(entries.after(12, 10)).toBeUndefined();
    expect(entries.after(13, 10)).toEqual([]);
  });

  test('is forgotten when this process no longer writes the table, and when it begins again elsewhere', () => {
    const entries = recent(0, batch(1, 2));
    entries.end();
    expect(entries.after(0, 10)).toBeUndefined();
    expect(entries.after(2, 10)).toBeUndefined();
    entries.begin(1);
    expect(entries.after(0, 10)).toBeUndefined();
    expect(entries.after(1, 10)).toEqual([]);
    entries.add(batch(2));
    expect(sequencesOf(entries.after(1, 10))).toEqual([2]);
  });
});
