import { expect, test } from 'vitest';
import {
  AttemptAbortedError,
  InvalidPayloadError,
  RetryAfterError,
  UnrecoverableError,
} from '../handler/handlerErrors.ts';
import type { Ending } from './attempt.ts';
import { commandFor } from './recordOutcome.ts';

const classify = (ending: Ending, ranMs = 0) =>
  commandFor({ ...ending, durationMs: 12 }, { attempt: 2, ranMs, random: 0.5, stacks: true });
const aborted = (kind: AttemptAbortedError['kind']) =>
  classify({ kind: 'aborted', error: new AttemptAbortedError(kind, 'because') });
const thrown = (error: unknown) => classify({ kind: 'threw', error });
const busyFor = (retryAfterMs: unknown) => Object.assign(new Error('busy'), { retryAfterMs });

test('what an attempt ran before it waited counts, and the wait does not', () => {
  const until = '2026-01-04T00:00:00.000Z';
  const suspended = { kind: 'SuspendAttempt', attempt: 2, until, ranMs: 112 };
  expect(classify({ kind: 'suspended', until }, 100)).toEqual(suspended);
  expect(classify({ kind: 'returned', value: 1 }, 100)).toMatchObject({ durationMs: 112 });
  expect(classify({ kind: 'threw', error: new Error('no') }, 100)).toMatchObject({ durationMs: 112 });
});

test('a return value completes the attempt', () => {
  const completed = { kind: 'CompleteAttempt', attempt: 2, result: { ok: true }, durationMs: 12 };
  expect(classify({ kind: 'returned', value: { ok: true } })).toEqual(completed);
});

test('no return value completes the attempt without a result', () => {
  expect(classify({ kind: 'returned', value: undefined })).not.toHaveProperty('result');
});

test('a return value that is not JSON fails the job for good', () => {
  const command = classify({ kind: 'returned', value: 1n });
  expect(command).toMatchObject({ kind: 'FailAttempt', cause: 'unrecoverable', error: { code: 'RESULT_NOT_JSON' } });
});

test.each([
  ['an error', new Error('no'), 'error'],
  ['a value that is no error', 'no', 'error'],
  ['an unrecoverable error', new UnrecoverableError('no'), 'unrecoverable'],
  ['an invalid payload', new InvalidPayloadError(['payload: no']), 'invalid-payload'],
])('%s fails the attempt', (_name, error, cause) => {
  expect(thrown(error)).toMatchObject({ kind: 'FailAttempt', attempt: 2, cause, random: 0.5, durationMs: 12 });
});

test('an error may say how long to wait', () => {
  expect(thrown(new RetryAfterError('busy', 9_000))).toMatchObject({ cause: 'error', retryAfterMs: 9_000 });
  expect(thrown(busyFor(9_000))).toMatchObject({ retryAfterMs: 9_000 });
});

test.each([-1, 0, Number.NaN, Number.POSITIVE_INFINITY, '5'])('a wait of %s is ignored', (retryAfterMs) => {
  expect(thrown(busyFor(retryAfterMs))).not.toHaveProperty('retryAfterMs');
});

test('a wait is at most thirty days', () => {
  expect(thrown(new RetryAfterError('busy', 1e15))).toMatchObject({ retryAfterMs: 2_592_000_000 });
});

test('a missed deadline fails the attempt, a shutdown releases the job', () => {
  const timedOut = { kind: 'FailAttempt', cause: 'error', error: { code: 'ATTEMPT_TIMEOUT' } };
  expect(aborted('timeout')).toMatchObject(timedOut);
  expect(aborted('shutdown')).toEqual({ kind: 'ReleaseAttempt', attempt: 2, reason: 'because' });
});

test('a claimed job that could not run is released, with the reason', () => {
  const released = { kind: 'ReleaseAttempt', attempt: 2, reason: 'no slot' };
  expect(classify({ kind: 'unstarted', reason: 'no slot' })).toEqual(released);
});
