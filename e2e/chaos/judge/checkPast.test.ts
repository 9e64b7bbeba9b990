import { expect, test } from 'vitest';
import type { PastAnswer } from './askPast.ts';
import { correctRun } from './correctRun.ts';
import { judge } from './judge.ts';

/** A right answer about the moment of the first message, which creates a job. */
function firstMoment(): PastAnswer {
  const [first] = correctRun().messages;
  const [, type = '', id = ''] = first?.subject.split('.') ?? [];
  const job = { id, status: 'pending', version: 1 };
  return { asOf: { sequence: 1 }, status: undefined, items: [job], unknown: 0, counts: { [type]: { pending: 1 } } };
}

function complaintsAbout(change: Partial<PastAnswer>): string[] {
  const run = correctRun();
  run.past = [{ ...firstMoment(), ...change }];
  return judge(run).violations.map(({ rule, detail }) => `${rule}: ${detail.slice(0, detail.indexOf(' at '))}`);
}

test('right answers about the past pass, by sequence, by time and by status', () => {
  const storedAt = correctRun().messages[0]?.storedAt ?? 0;
  expect(complaintsAbout({})).toEqual([]);
  expect(complaintsAbout({ status: 'pending' })).toEqual([]);
  expect(complaintsAbout({ status: 'failed', items: [] })).toEqual([]);
  expect(complaintsAbout({ items: [], unknown: 1 })).toEqual([]);
  expect(complaintsAbout({ asOf: { time: storedAt - 1 }, items: [], counts: {} })).toEqual([]);
});

test.each<[string, Partial<PastAnswer>]>([
  ['a job that is missing', { items: [] }],
  ['another status', { items: firstMoment().items.map((job) => Object.assign(job, { status: 'completed' })) }],
  ['another version', { items: firstMoment().items.map((job) => Object.assign(job, { version: 2 })) }],
  ['a job in the list of another status', { status: 'failed' }],
  ['a job that is listed and said to be unknown', { unknown: 1 }],
  ['a number of unknown jobs that is not the number of missing ones', { items: [], unknown: 2 }],
])('%s is found', (_what, change) => {
  expect(complaintsAbout(change)).toEqual(['past: the list']);
});

test('wrong counts are found, and what was stored later', () => {
  expect(complaintsAbout({ counts: {} })).toEqual(['past: the counts']);
  const time = (correctRun().messages[0]?.storedAt ?? 0) - 1;
  expect(complaintsAbout({ asOf: { time } })).toEqual(['past: the list', 'past: the counts']);
});
