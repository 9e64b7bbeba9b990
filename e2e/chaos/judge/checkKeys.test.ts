import { expect, test } from 'vitest';
import type { RawMessage } from '../../harness/rawLog.ts';
import { checkKeys } from './checkKeys.ts';
import { message } from './correctRun.ts';
import { readHistories } from './readHistories.ts';

type Step = readonly [id: string, event: string, version: number];

/** What the judge finds in these events and claims (`['a', 'claim', 0]`), stored one after the other. */
function found(steps: readonly Step[], unique: object = { by: ['payload'], while: 'unfinished' }): string[] {
  const messages = steps.map(([id, event, version], index) => {
    const sequence = index + 1;
    return event === 'claim' ? claim(id, sequence) : keyed({ id, event, version, unique }, sequence);
  });
  return checkKeys(messages, readHistories(messages).byJob).map(({ rule, jobId }) => `${rule} ${jobId}`);
}

function claim(jobId: string, sequence: number): RawMessage {
  return { sequence, subject: 'unique.k', headers: {}, storedAt: 0, body: JSON.stringify({ v: 1, jobId }) };
}

interface Told {
  readonly id: string;
  readonly event: string;
  readonly version: number;
  readonly unique: object;
}

function keyed({ unique, ...event }: Told, sequence: number): RawMessage {
  const lane = event.event.endsWith('WithPriority') ? { priority: 'low' } : {};
  const data = event.event.startsWith('JobCreated') ? { unique, uniqueKey: 'k', ...lane } : lane;
  return message({ type: 'mail', at: new Date(sequence).toISOString(), data, ...event }, sequence);
}

const created = (id: string): Step[] => [
  [id, 'claim', 0],
  [id, 'JobCreated', 1],
];

test('one job after the other may have a key, and one takes it again when it is requeued', () => {
  const failed: Step[] = [...created('a'), ['a', 'JobStarted', 2], ['a', 'JobFailed', 3]];
  expect(
    found([...failed, ...created('b'), ['b', 'JobCancelled', 2], ['a', 'claim', 0], ['a', 'JobRequeued', 4]]),
  ).toEqual([]);
});

test('two that have not ended are found, whichever way the second came to be', () => {
  expect(found([...created('a'), ...created('b')])).toEqual(['unique b']);
  const cancelled: Step[] = [...created('a'), ['a', 'JobCancelled', 2], ...created('b')];
  expect(found([...cancelled, ['a', 'claim', 0], ['a', 'JobRequeued', 3]])).toEqual(['unique a']);
});

test('jobs with a priority hold their keys like others', () => {
  const low: Step[] = [
    ['a', 'claim', 0],
    ['a', 'JobCreatedWithPriority', 1],
  ];
  expect(found([...low, ...created('b')])).toEqual(['unique b']);
  expect(found([['a', 'JobCreatedWithPriority', 1]])).toEqual(['claim a']);
  const again: Step[] = [...low, ['a', 'JobCancelled', 2], ['a', 'JobRequeuedWithPriority', 3]];
  expect(found(again)).toEqual(['claim a']);
});

test('a creation without its claim is found, and a requeue', () => {
  expect(found([['a', 'JobCreated', 1]])).toEqual(['claim a']);
  expect(
    found([
      ['b', 'claim', 0],
      ['a', 'JobCreated', 1],
    ]),
  ).toEqual(['claim a']);
  expect(found([...created('a'), ['a', 'JobCancelled', 2], ['a', 'JobRequeued', 3]])).toEqual(['claim a']);
});

test('a rule that may hold for less than the whole life says nothing about ends', () => {
  const rule = { by: ['payload'], forMs: 1_000 };
  expect(found([...created('a'), ...created('b')], rule)).toEqual([]);
  expect(found([...created('a'), ['a', 'JobCancelled', 2], ['a', 'JobRequeued', 3]], rule)).toEqual([]);
  expect(found([['a', 'JobCreated', 1]], rule)).toEqual(['claim a']);
});
