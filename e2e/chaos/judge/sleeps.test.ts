import { expect, test } from 'vitest';
import { checkSleeps, FORGOTTEN, NAP } from './checkSleeps.ts';
import { checkSteps } from './checkSteps.ts';
import { message } from './correctRun.ts';
import type { StepEffect } from './evidence.ts';
import { rfc3339, second } from './lives.ts';
import { readHistories } from './readHistories.ts';
import { replay } from './replay.ts';

type Step = readonly [event: string, second: number, data?: Record<string, unknown>];

const created: Step = ['JobCreated', 0, { tags: ['token'], maxAttempts: 3, timeoutMs: 60_000 }];
const started: Step = ['JobStarted', 1, { attempt: 1, worker: 'w' }];
const nap = (end: number, from = 0, key = '0', name = NAP): Step => [
  'JobStepsRecorded',
  2 + from,
  { attempt: 1, from, steps: [{ name, key, result: rfc3339(end), durationMs: 0 }] },
];
const suspended = (until: number, ranMs = 3_000): Step => [
  'JobSuspended',
  4,
  { attempt: 1, until: rfc3339(until), ranMs },
];
const resumed = (at: number, attempt = 1): Step => ['JobResumed', at, { attempt, worker: 'w' }];
const ended = (at: number, durationMs: number): Step => ['JobCompleted', at, { attempt: 1, durationMs }];
const begun = [created, started, nap(30)];

function historyOf(steps: readonly Step[]) {
  const messages = steps.map(([event, at, data = {}], index) =>
    message({ id: 'a', type: 'mail', event, version: index + 1, at: rfc3339(at), data }, index + 1),
  );
  return readHistories(messages).byJob;
}

const replayed = (...steps: readonly Step[]) => replay('a', historyOf(steps).get('a') ?? []);
const illegalIn = (...steps: readonly Step[]) => replayed(...steps).violations.map(({ rule }) => rule);
const foundIn = (steps: readonly Step[], ...work: readonly StepEffect[]) =>
  checkSleeps(work, historyOf(steps)).map(({ rule, detail }) => `${rule}: ${detail}`);

test('an attempt that waits goes on under its number, with what it has run, which the next one begins anew', () => {
  const slept = [...begun, suspended(30), resumed(30)];
  expect(replayed(...begun, suspended(30)).job).toMatchObject({ status: 'waiting', run_at: second(30), ran_ms: 3_000 });
  expect(replayed(...slept).job).toMatchObject({ status: 'processing', attempt: 1, ran_ms: 3_000 });
  expect(replayed(...slept, ['JobStarted', 40, { attempt: 2, worker: 'w' }]).job?.['ran_ms']).toBeUndefined();
  expect(illegalIn(...slept, ended(31, 4_000))).toEqual([]);
  expect(illegalIn(...begun, suspended(30), ['JobCancelled', 5])).toEqual([]);
});

test.each<[what: string, ...Step[]]>([
  ['goes on as another attempt', suspended(30), resumed(30, 2)],
  ['is started while it waits', suspended(30), ['JobStarted', 30, { attempt: 2, worker: 'w' }]],
  ['has an outcome while it waits', suspended(30), ended(5, 4_000)],
  ['gets another priority while it waits', suspended(30), ['JobPriorityChanged', 5, { priority: 'low' }]],
  ['is made due while it waits', suspended(30), ['JobDueNow', 5]],
  ['goes on although it runs', resumed(30)],
  ['waits twice', suspended(30), suspended(30)],
])('a job that %s is found', (_what, ...steps) => {
  expect(illegalIn(...begun, ...steps)).toEqual(['illegal']);
});

test('an attempt that goes on before its time is found', () => {
  expect(illegalIn(...begun, suspended(30), resumed(29))).toEqual(['early']);
});

test('a job that is carried as one that waits otherwise than it does is found', () => {
  const state = { tags: ['token'], maxAttempts: 3, timeoutMs: 60_000, createdAt: rfc3339(0), stepsRecorded: 1 };
  const waits = { attempt: 1, worker: 'w', startedAt: rfc3339(1), runAt: rfc3339(30), ranMs: 3_000 };
  const carriedWith = (change: object, event = 'JobCarriedWaiting') =>
    illegalIn(...begun, suspended(30), [event, 5, { ...state, status: 'waiting', ...waits, ...change }]);
  expect(carriedWith({})).toEqual([]);
  expect(carriedWith({ ranMs: 0 })).toEqual(['illegal']);
  expect(carriedWith({ runAt: rfc3339(40) })).toEqual(['illegal']);
  expect(carriedWith({}, 'JobCarriedWithSteps')).toEqual(['illegal']);
  expect(illegalIn(...begun, ['JobCarriedWaiting', 5, { ...state, status: 'waiting' }])).toEqual(['illegal']);
});

test('an attempt waits for the earliest end of its sleeps that is to come', () => {
  expect(foundIn([...begun, suspended(30)])).toEqual([]);
  expect(foundIn([...begun, suspended(40)])).toEqual(['sleeps: at 4 it waits for the end of no sleep']);
  expect(foundIn([created, started, suspended(40)])).toEqual(['sleeps: at 3 it waits for the end of no sleep']);
  const both = [...begun, nap(40, 1, '1', FORGOTTEN)];
  expect(foundIn([...both, suspended(30)])).toEqual([]);
  expect(foundIn([...both, suspended(40)])).toEqual(['sleeps: at 5 it waits longer than until the end of nap 0']);
  expect(foundIn([created, started, nap(3), nap(40, 1, '1'), suspended(40)])).toEqual([]);
});

test('the time of an attempt is that of its runs together', () => {
  const slept = [...begun, suspended(30), resumed(30)];
  expect(foundIn([...slept, ended(32, 5_000)])).toEqual([]);
  const ofSlept = (durationMs: number) => foundIn([...slept, ended(32, durationMs)]);
  const wrong = [expect.stringMatching(/^sleeps: JobCompleted at 6 says that it ran /)];
  expect(ofSlept(2_000)).toEqual(wrong);
  expect(ofSlept(31_000)).toEqual(wrong);
  expect(foundIn([...begun, suspended(30, 9_000)])).toEqual([expect.stringMatching(/^sleeps: JobSuspended at 4/)]);
  const again: Step[] = [['JobStarted', 40, { attempt: 2, worker: 'w' }], ended(41, 1_000)];
  expect(foundIn([...slept, ...again])).toEqual([]);
});

const work = (run: number, at: number): StepEffect => ({
  jobId: 'a',
  runId: `event-${run}`,
  name: 'call',
  key: '0',
  result: 'called',
  at: second(at),
});
const called: Step = [
  'JobStepsRecorded',
  31,
  { attempt: 1, from: 1, steps: [{ name: 'call', key: '0', result: 'called', durationMs: 1 }] },
];

test('work that was done before the end of its sleep is found', () => {
  const slept = [...begun, suspended(30), resumed(30), called];
  expect(foundIn(slept, work(5, 31))).toEqual([]);
  expect(foundIn(slept, work(5, 20))).toEqual(['sleeps: call 0 was done 10000 ms before the end of nap 0']);
});

const found = (steps: readonly Step[], ...done: readonly StepEffect[]) =>
  checkSteps(done, historyOf(steps)).map(({ detail }) => detail);

test('steps of a run that goes on are judged as those of one that has begun, and sleeps have no work', () => {
  const slept = [...begun, suspended(30), resumed(30)];
  expect(found([...slept, called], work(5, 31))).toEqual([]);
  expect(found([...slept, called], work(9, 31))).toEqual(['call 0 ran in an attempt that was not started']);
  expect(found([created, started, nap(30), suspended(30)], work(2, 3))).toEqual([
    'call 0 ran in event-2, which went on to JobSuspended without a record of it',
  ]);
});
