import { expect, test } from 'vitest';
import { beating } from '../testing/announced.ts';
import { blocksOf } from './announcements/announcedBlock.ts';
import { IgnoredMessages } from './announcements/messages/ignoredMessages.ts';
import { MessageFields } from './announcements/messages/messageFields.ts';
import { decodeHeartbeat, encodeHeartbeat } from './announcements/workerHeartbeat.ts';

const list = <Item>(length: number, item: (index: number) => Item) => Array.from({ length }, (_, index) => item(index));
const startedAt = '2026-11-27T08:00:00.000Z';
const runs = (count: number) =>
  list(count, (index) => ({ jobId: `job-${index}`, type: 'email', attempt: 1, runId: 'r', startedAt }));
const fieldsOf = (body: object) => MessageFields.ofBody(JSON.stringify({ v: 1, ...body }));

function textRead(length: number): number {
  try {
    return fieldsOf({ text: 'x'.repeat(length) }).text('text').length;
  } catch {
    return length - 1;
  }
}

function blocksRead(count: number, jobs: number) {
  const block = { since: startedAt, durationMs: 1_000, jobs: list(jobs, () => ({ jobId: 'j', attempt: 1 })) };
  return blocksOf(fieldsOf({ blocked: list(count, () => block) }).objects('blocked'));
}

function subjectsLogged(count: number): number {
  const logged: object[] = [];
  const ignored = new IgnoredMessages({ info: () => {}, warn: (details) => void logged.push(details) });
  for (let index = 0; index < count; index++) ignored.log(`types.${index}`, 'malformed');
  return logged.length;
}

test.each<[what: string, limit: number, taken: (size: number) => number | undefined]>([
  ['characters of a text', 256, textRead],
  ['runs of a heartbeat that is sent', 100, (size) => runsSent(encodeHeartbeat(beating('w', { running: runs(size) })))],
  ['runs of a heartbeat that is read', 100, (size) => decodeHeartbeat(heartbeatWith(size)).running.length],
  ['blocks of a worker', 10, (size) => blocksRead(size, 1).length],
  ['jobs of a block', 5, (size) => blocksRead(1, size)[0]?.jobs.length],
  ['subjects that are logged', 1_000, subjectsLogged],
])('of all %s the first %i are taken', (_what, limit, taken) => {
  expect([taken(limit - 1), taken(limit), taken(limit + 1)]).toEqual([limit - 1, limit, limit]);
});

function runsSent(body: string): number {
  return (JSON.parse(body) as { running: object[] }).running.length;
}

function heartbeatWith(count: number): string {
  return JSON.stringify({ v: 1, ...beating('w'), running: runs(count) });
}
