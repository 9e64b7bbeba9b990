import { expect, test } from 'vitest';
import { checkLoad } from './checkLoad.ts';
import { checkSignals, countSignals } from './checkSignals.ts';
import { checkSleeps } from './checkSleeps.ts';
import { message } from './correctRun.ts';
import type { WaitEffect } from './evidence.ts';
import { rfc3339, second } from './lives.ts';
import { readHistories } from './readHistories.ts';
import { replay } from './replay.ts';

type Step = readonly [event: string, second: number, data?: Record<string, unknown>];

const NAME = 'wait-for-approved';
const created: Step = ['JobCreated', 0, { tags: ['token'], maxAttempts: 3, timeoutMs: 60_000 }];
const started: Step = ['JobStarted', 1, { attempt: 1, worker: 'w' }];
const signalled = (at: number, payload = 'ada', name = 'approved'): Step => ['JobSignalled', at, { name, payload }];
const recorded = (at: number, from: number, outcome: object, key = '0'): Step => [
  'JobStepsRecorded',
  at,
  { attempt: 1, from, steps: [{ name: NAME, key, durationMs: 0, ...outcome }] },
];
/** The event at this place of the history is the signal. */
const read = (at: number, from: number, signal: number, { key = '0', result = 'ada' } = {}): Step =>
  recorded(at, from, { result, signal: { id: `event-${signal}`, name: 'approved' } }, key);
const suspended = (at: number, until: number, signals?: readonly string[]): Step => [
  'JobSuspended',
  at,
  { attempt: 1, until: rfc3339(until), ranMs: 0, ...(signals === undefined ? {} : { signals }) },
];
const resumed = (at: number): Step => ['JobResumed', at, { attempt: 1, worker: 'w' }];
const completed = (at: number, waits: readonly unknown[]): Step => [
  'JobCompleted',
  at,
  { attempt: 1, durationMs: 0, result: { waits } },
];
const YEAR = 366 * 86_400;

function historyOf(steps: readonly Step[]) {
  const messages = steps.map(([event, at, data = {}], index) =>
    message({ id: 'a', type: 'mail', event, version: index + 1, at: rfc3339(at), data }, index + 1),
  );
  return readHistories(messages).byJob;
}

const replayed = (...steps: readonly Step[]) => replay('a', historyOf(steps).get('a') ?? []);
const brokenIn = (...steps: readonly Step[]) => replayed(...steps).violations.map(({ rule }) => rule);
const foundIn = (steps: readonly Step[], ...done: readonly WaitEffect[]) =>
  checkSignals(done, historyOf(steps)).map(({ rule, detail }) => `${rule}: ${detail}`);
const sleepsIn = (...steps: readonly Step[]) => checkSleeps([], historyOf(steps)).map(({ detail }) => detail);

test('a signal is read once, by the step that has waited for it', () => {
  const steps = [created, started, suspended(2, YEAR, ['approved']), signalled(5), resumed(6), read(7, 0, 4)];
  const all = [...steps, completed(8, ['ada'])];
  expect(foundIn(all)).toEqual([]);
  expect(brokenIn(...all)).toEqual([]);
  expect(sleepsIn(...all)).toEqual([]);
  expect(countSignals(historyOf(all))).toEqual({ sent: 1, read: 1 });
  expect(foundIn([...steps, completed(8, [null])])).toEqual([
    'signals: the job was completed with other signals than it has read at 7',
  ]);
});

test.each<[what: string, detail: string, ...steps: Step[]]>([
  ['that was never sent', 'has read event-9, which the job was not sent', signalled(2), read(3, 0, 9)],
  [
    'that was read before',
    'has read event-3, which was read before',
    signalled(2),
    read(3, 0, 3),
    read(4, 1, 3, { key: '1' }),
  ],
  [
    'before an older one',
    'has read event-4 before an older one',
    signalled(2),
    signalled(3, 'bob'),
    read(4, 0, 4, { result: 'bob' }),
  ],
  ['of another name', 'which has the name paid', signalled(2, 'ada', 'paid'), read(3, 0, 3)],
  ['with another payload', 'has got another payload than event-3', signalled(2), read(3, 0, 3, { result: 'eve' })],
])('a signal that is read %s is found', (_what, detail, ...steps) => {
  expect(foundIn([created, started, ...steps])).toEqual([expect.stringContaining(detail)]);
});

test('a wait is over at its time limit, unless its signal was unread when the run began', () => {
  const begun = [created, started, recorded(1, 0, { waitsUntil: rfc3339(30) }), suspended(2, 30, ['approved'])];
  const over = (at: number) => recorded(at, 1, {});
  expect(foundIn([...begun, resumed(30), over(31), completed(32, [null])])).toEqual([]);
  expect(foundIn([...begun, resumed(30), signalled(30), over(31), completed(32, [null])])).toEqual([]);
  expect(foundIn([...begun, resumed(20), over(21)])).toEqual([`signals: at 6 ${NAME} 0 is over before its time limit`]);
  expect(foundIn([created, started, recorded(2, 0, {})])).toEqual([
    `signals: at 3 ${NAME} 0 is over, which had no time limit`,
  ]);
  const missed = [...begun, signalled(29), resumed(30), over(31)];
  const what = `signals: at 7 ${NAME} 0 is over, and signal event-5 was unread when the run began`;
  expect(foundIn([...missed, completed(32, [null])])).toEqual([what]);
  expect(foundIn([...missed, read(31, 2, 5, { key: '1' }), completed(32, [null, 'ada'])])).toEqual([]);
  expect(foundIn([...begun, recorded(3, 1, { waitsUntil: rfc3339(60) })])).toEqual([
    `signals: at 5 ${NAME} 0 has got another time limit`,
  ]);
});

test('a handler gets of a wait what is recorded', () => {
  const got = { jobId: 'a', runId: 'event-2', name: NAME, key: '0', payload: 'ada', at: second(4) };
  const steps = [created, started, signalled(2), read(3, 0, 3)];
  expect(foundIn(steps, got)).toEqual([]);
  const wrong = [expect.stringContaining('which is not what is recorded')];
  expect(foundIn(steps, { ...got, payload: 'eve' })).toEqual(wrong);
  expect(foundIn(steps, { ...got, at: second(2) })).toEqual(wrong);
  expect(foundIn(steps.slice(0, 3), got)).toEqual(wrong);
});

test('a job is carried with the signals that are unread, and by which it is called', () => {
  const state = { tags: ['token'], maxAttempts: 3, timeoutMs: 60_000, createdAt: rfc3339(0), status: 'waiting' };
  const waits = { attempt: 1, worker: 'w', startedAt: rfc3339(1), runAt: rfc3339(5), ranMs: 0, awaits: ['approved'] };
  const signals = [{ id: 'event-4', name: 'approved', payload: 'ada', at: rfc3339(5) }];
  const carried = (change: object) => {
    const data = { ...state, ...waits, stepsRecorded: 0, steps: [], signals, ...change };
    return [
      created,
      started,
      suspended(2, YEAR, ['approved']),
      signalled(5),
      ['JobCarriedWaiting', 6, data],
    ] satisfies Step[];
  };
  expect(foundIn(carried({}))).toEqual([]);
  expect(brokenIn(...carried({}))).toEqual([]);
  expect(foundIn(carried({ signals: [] }))).toEqual([
    expect.stringContaining('the job was carried with other signals'),
  ]);
  expect(brokenIn(...carried({ awaits: ['paid'] }))).toEqual(['illegal']);
  expect(brokenIn(...carried({ runAt: rfc3339(YEAR) }))).toEqual(['illegal']);
});

test('a signal calls a job that waits for it, and no other', () => {
  const until = [created, started, suspended(2, 30, ['approved'])];
  expect(brokenIn(...until, signalled(5), resumed(6))).toEqual([]);
  expect(brokenIn(...until, signalled(5, 'ada', 'paid'), resumed(6))).toEqual(['early']);
  expect(brokenIn(...until, resumed(6))).toEqual(['early']);
  expect(brokenIn(created, started, signalled(1), suspended(2, 30, ['approved']), resumed(3))).toEqual([]);
  expect(brokenIn(created, started, signalled(1), suspended(2, 30, ['paid']), resumed(3))).toEqual(['early']);
  expect(brokenIn(created, ['JobCancelled', 1], signalled(2))).toEqual(['illegal']);
});

test('only who waits for a signal waits without a time limit', () => {
  expect(sleepsIn(created, started, suspended(2, YEAR))).toEqual(['at 3 it waits for the end of no sleep']);
  expect(sleepsIn(created, started, suspended(2, 60, ['approved']))).toEqual(['at 3 it waits for the end of no sleep']);
  const limited = [created, started, recorded(2, 0, { waitsUntil: rfc3339(30) })];
  expect(sleepsIn(...limited, suspended(3, 30, ['approved']))).toEqual([]);
  expect(sleepsIn(...limited, suspended(3, YEAR + 3, ['approved']))).toEqual([
    `at 4 it waits longer than until the end of ${NAME} 0`,
  ]);
});

test('an acknowledged signal that is not in the log is found', () => {
  const histories = historyOf([created, signalled(1)]);
  const rulesOf = (signal: string) => {
    const load = [
      { kind: 'sent', token: 'token', keyed: false },
      { kind: 'signalled', id: 'a', signal },
    ] as const;
    return checkLoad(load, histories, new Map()).map(({ rule }) => rule);
  };
  expect(rulesOf('event-2')).toEqual([]);
  expect(rulesOf('event-1')).toEqual(['signals']);
});
