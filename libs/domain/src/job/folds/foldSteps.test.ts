import { expect, test } from 'vitest';
import { evolve, fold } from '../evolve.ts';
import { foldSteps } from './foldSteps.ts';
import type { JobEvent } from '../jobEvent.ts';
import { numbered } from '../../../testing/given.ts';
import {
  CHARGED,
  CREATED_AT,
  SMTP_DOWN,
  jobCarriedWithSteps,
  jobCreated,
  jobFailed,
  jobPayloadChanged,
  jobRequeued,
  jobRetryScheduled,
  jobStarted,
  jobStepsRecorded,
} from '../../../testing/jobEvents.ts';

const SENT = { name: 'send', key: 'a@example.com', durationMs: 3 };
const FAILED = { name: 'report', error: SMTP_DOWN, durationMs: 5 };
const recordedAs = (attempt: number) => ({ attempt, at: CREATED_AT });

const twoAttempts = [
  jobCreated(),
  jobStarted(),
  jobStepsRecorded({ steps: [CHARGED, FAILED] }),
  jobRetryScheduled(),
  jobStarted({ attempt: 2 }),
  jobStepsRecorded({ attempt: 2, from: 2, steps: [SENT, { name: 'report', durationMs: 4 }] }),
];
const stepsOf = (events: readonly JobEvent[]) => foldSteps(numbered(events));

test('the steps of a job are those of all its attempts, each as it was recorded last', () => {
  expect(stepsOf(twoAttempts)).toStrictEqual([
    { ...CHARGED, ...recordedAs(1) },
    { name: 'report', durationMs: 4, ...recordedAs(2) },
    { ...SENT, ...recordedAs(2) },
  ]);
});

test('steps of one name are told apart by their keys', () => {
  const step = { name: 'send', durationMs: 1 };
  const keys = [step, { ...step, key: 'a' }, { ...step, key: 'b' }];
  expect(stepsOf([jobStepsRecorded({ steps: keys })])).toHaveLength(3);
});

test('a retry keeps them, another payload drops them unless it keeps them', () => {
  const ended = [...twoAttempts, jobFailed({ attempt: 2 })];
  expect(stepsOf([...ended, jobRequeued()])).toHaveLength(3);
  expect(stepsOf([...ended, jobPayloadChanged({ keepSteps: true }), jobRequeued()])).toHaveLength(3);
  expect(stepsOf([...ended, jobPayloadChanged(), jobRequeued()])).toEqual([]);
});

test('where the log has lost them, those that the job was carried with count, and those behind', () => {
  const carried = { ...jobCarriedWithSteps(), version: 7 };
  const started = { ...jobStarted({ attempt: 2 }), version: 8 };
  const recorded = { ...jobStepsRecorded({ attempt: 2, from: 1, steps: [SENT] }), version: 9 };
  const expected = [
    { ...CHARGED, ...recordedAs(1) },
    { ...SENT, ...recordedAs(2) },
  ];
  expect(foldSteps([carried, started, recorded])).toStrictEqual(expected);
  expect(foldSteps([{ ...jobCreated(), version: 1 }, carried, started, recorded])).toStrictEqual(expected);
  expect(fold([carried, started, recorded])).toMatchObject({ status: 'processing', attempt: 2, stepsRecorded: 2 });
  expect(fold([carried])).not.toHaveProperty('steps');
});

test('where the log has them, a JobCarriedWithSteps changes nothing', () => {
  const events = [jobCreated(), jobStarted(), jobStepsRecorded(), jobRetryScheduled()];
  const job = fold(numbered(events));
  const carried = jobCarriedWithSteps({ steps: [] });
  expect(evolve(job, { ...carried, version: 5 })).toStrictEqual({ ...job, version: 5 });
  expect(stepsOf([...events, carried])).toEqual(stepsOf(events));
});

test.each([0, 1, 3])('steps that say %i were recorded before them, where two were, are ignored', (from) => {
  const events = [jobCreated(), jobStarted(), jobStepsRecorded({ steps: [CHARGED, FAILED] })];
  const next = jobStepsRecorded({ from, steps: [SENT] });
  const [before, after] = [events, [...events, next]].map((one) => fold(numbered(one)));
  expect(after).toStrictEqual(before);
  expect(fold(numbered([...events, jobStepsRecorded({ from: 2, steps: [SENT] })]))).toMatchObject({ stepsRecorded: 3 });
});
