import { randomUUID } from 'node:crypto';
import type { LogEntry } from '@jobstream/eventlog';
import { expect, test } from 'vitest';
import { anonymous } from '../auth/caller.ts';
import { feedFilter } from './feedFilter.ts';
import { RecentEvents } from './recentEvents.ts';

const all = feedFilter([], [], anonymous);

function eventsOf(count: number, reason: string): RecentEvents {
  const recent = new RecentEvents({ maxEvents: count, maxChars: Infinity });
  recent.add(Array.from({ length: count }, (_, index) => entry(index + 1, reason)));
  return recent;
}

function entry(sequence: number, reason: string): LogEntry {
  const at = new Date().toISOString();
  const actor = { kind: 'api', id: 'test' } as const;
  const common = { v: 1, id: randomUUID(), jobId: randomUUID(), jobType: 'email', version: 2, at, actor } as const;
  const event = { ...common, event: 'JobCancelled', data: { reason } } as const;
  return { kind: 'event', sequence, recordedAt: at, bytes: reason.length, linked: true, event };
}

test('texts are cached for a bounded number of positions', () => {
  const recent = eventsOf(100, 'clean-up');
  const first = recent.chunkAfter(0, all);
  for (let place = 1; place < 64; place++) recent.chunkAfter(place, all);
  expect(recent.chunkAfter(0, all)).toBe(first);
  recent.chunkAfter(64, all);
  expect(recent.chunkAfter(0, all)).not.toBe(first);
});

test('texts are cached up to 8 MB', () => {
  const recent = eventsOf(10, 'x'.repeat(1_000_000));
  const first = recent.chunkAfter(0, all);
  for (let place = 1; place < 8; place++) recent.chunkAfter(place, all);
  expect(recent.chunkAfter(0, all)).toBe(first);
  recent.chunkAfter(8, all);
  expect(recent.chunkAfter(0, all)).not.toBe(first);
});

test('events that only feeds of their job may have count towards the limit as well', () => {
  const recent = new RecentEvents({ maxEvents: 100, maxChars: 2_500 });
  const copies = Array.from({ length: 10 }, (_, index) => ({ ...entry(index + 1, 'x'.repeat(1_000)), linked: false }));
  recent.add(copies);
  expect(recent.floor).toBe(8);
});
