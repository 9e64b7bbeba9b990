import { CreateJobRequest } from '@jobstream/creation';
import { addMs, defaultBackoff, jobSettings } from '@jobstream/domain';
import { assert, constant, constantFrom, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bodyDecoder } from '../../http/parsing/decodeBody.ts';
import { Problem } from '../../problems/problem.ts';
import { decodeCreateJob } from './createJobRequest.ts';

const NOW = Date.parse('2026-01-31T09:30:00.000Z');

function errorsOf(body: unknown): unknown {
  try {
    decodeCreateJob(body, NOW);
  } catch (error) {
    if (error instanceof Problem) return error.errors;
    throw error;
  }
  return [];
}

const settingsOf = (body: unknown) => jobSettings(decodeCreateJob(body, NOW), NOW);

const nested = (depth: number) => JSON.parse(`{"type":"email","payload":${'['.repeat(depth)}${']'.repeat(depth)}}`);

describe('defaults', () => {
  test('a type alone makes a job', () => {
    expect(settingsOf({ type: 'email' })).toEqual({
      jobType: 'email',
      payload: null,
      maxAttempts: 5,
      backoff: defaultBackoff,
      timeoutMs: 3_600_000,
      tags: [],
    });
  });

  test('a backoff may omit fields that have defaults', () => {
    expect(settingsOf({ type: 'email', backoff: { type: 'exponential' } }).backoff).toEqual(defaultBackoff);
    expect(settingsOf({ type: 'email', backoff: { type: 'fixed' } }).backoff).toEqual({
      type: 'fixed',
      delayMs: 1_000,
    });
    expect(settingsOf({ type: 'email', backoff: { type: 'exponential', jitter: 0 } }).backoff).toEqual({
      ...defaultBackoff,
      jitter: 0,
    });
  });

  test('a first delay above the default cap raises the cap', () => {
    const { backoff } = settingsOf({ type: 'email', backoff: { type: 'exponential', delayMs: 7_200_000 } });
    expect(backoff).toMatchObject({ delayMs: 7_200_000, maxDelayMs: 7_200_000 });
  });
});

describe('when a job is due', () => {
  test.each([
    ['2026-02-01T00:00:00Z', '2026-02-01T00:00:00.000Z'],
    ['2026-02-01T02:00:00+02:00', '2026-02-01T00:00:00.000Z'],
    ['2026-01-31T18:30:00.123456-05:30', '2026-02-01T00:00:00.123Z'],
    ['2020-01-01T00:00:00Z', '2020-01-01T00:00:00.000Z'],
  ])('runAt %s is kept in UTC', (runAt, expected) => {
    expect(settingsOf({ type: 'email', runAt }).runAt).toBe(expected);
  });

  test('delayMs counts from now, and its absence means at once', () => {
    expect(settingsOf({ type: 'email', delayMs: 1_500 }).runAt).toBe(addMs('2026-01-31T09:30:00.000Z', 1_500));
    expect(settingsOf({ type: 'email', delayMs: 1_500 }).delayMs).toBe(1_500);
    for (const absent of ['runAt', 'delayMs'])
      expect(settingsOf({ type: 'email', delayMs: 0 })).not.toHaveProperty(absent);
  });

  test.each([
    ['tomorrow', 'must be an RFC 3339 time with an offset, such as 2026-01-31T09:30:00Z'],
    ['2026-02-01', 'must be an RFC 3339 time with an offset, such as 2026-01-31T09:30:00Z'],
    ['2026-02-01T00:00:00', 'must be an RFC 3339 time with an offset, such as 2026-01-31T09:30:00Z'],
    ['2026-02-01T24:00:00Z', 'must be an RFC 3339 time with an offset, such as 2026-01-31T09:30:00Z'],
    ['2026-02-30T00:00:00Z', 'must be an existing date'],
    ['2026-13-01T00:00:00Z', 'must be an existing date'],
    ['0000-01-01T00:00:00Z', 'must be between the years 1970 and 9999'],
    ['9999-12-31T23:59:59-05:00', 'must be between the years 1970 and 9999'],
    ['2027-03-01T00:00:00Z', 'must be at most a year ahead'],
  ])('runAt %s is refused', (runAt, detail) => {
    expect(errorsOf({ type: 'email', runAt })).toContainEqual({ pointer: '/runAt', detail });
  });

  test('runAt and delayMs exclude each other', () => {
    expect(errorsOf({ type: 'email', runAt: '2026-02-01T00:00:00Z', delayMs: 5 })).toEqual([
      { pointer: '/delayMs', detail: 'must not be given together with runAt' },
    ]);
  });
});

describe('mistakes', () => {
  test('are all reported at once, each with its pointer', () => {
    const body = {
      typ: 'email',
      maxAttempts: 0,
      timeoutMs: '5s',
      tags: ['a', 3, ''],
      backoff: { type: 'fixed', delayMs: 0.5, 'a/b~c': 1 },
      delayMs: -1,
    };
    expect(errorsOf(body)).toEqual([
      { pointer: '/typ', detail: 'is not known here' },
      { pointer: '/type', detail: 'is required' },
      { pointer: '/delayMs', detail: 'must be a value between 0 and 31622400000' },
      { pointer: '/maxAttempts', detail: 'must be a value between 1 and 1000' },
      { pointer: '/backoff/a~1b~0c', detail: 'is not known here' },
      { pointer: '/backoff/delayMs', detail: 'must be an integer' },
      { pointer: '/timeoutMs', detail: 'must be a number' },
      { pointer: '/tags/1', detail: 'must be a string' },
      { pointer: '/tags/2', detail: 'must be a value with a length between 1 and 128' },
    ]);
  });

  test.each([[null], [3], ['text'], [[]], [undefined]])('a body that is %j is refused', (body) => {
    expect(errorsOf(body)).toEqual([{ pointer: '', detail: 'must be an object' }]);
  });

  test.each(['Email', 'a b', 'a.b', '1a', '', 'a\0', '\ud800', 'a'.repeat(64), '*'])('type %j is refused', (type) => {
    expect(errorsOf({ type })).toEqual([{ pointer: '/type', detail: expect.stringContaining('a job type') }]);
  });

  test('a backoff of an unknown kind is refused, and the response names the kinds', () => {
    const detail = 'must be an object whose type is "fixed" or "exponential"';
    expect(errorsOf({ type: 'email', backoff: { type: 'linear' } })).toEqual([{ pointer: '/backoff', detail }]);
  });

  test('names inherited by every object are unknown fields too', () => {
    const body = JSON.parse('{"type":"email","constructor":1,"toString":2,"hasOwnProperty":3}');
    expect(errorsOf(body)).toHaveLength(3);
  });
});

describe('payloads', () => {
  test('may hold any JSON value, NUL and half surrogate pairs included', () => {
    const payload = { a: ['\0', '\ud800', 1.5, null, true, { constructor: 1 }] };
    expect(decodeCreateJob({ type: 'email', payload }, NOW).payload).toEqual(payload);
  });

  test('must not carry a __proto__ key at any depth', () => {
    const body = JSON.parse('{"type":"email","payload":{"a":[{"__proto__":{"admin":true}}]}}');
    expect(errorsOf(body)).toEqual([{ pointer: '/payload/a/0/__proto__', detail: 'must not be named __proto__' }]);
  });

  test('must not have numbers that would become null', () => {
    const body = JSON.parse('{"type":"email","payload":[1e999]}');
    expect(errorsOf(body)).toEqual([{ pointer: '/payload/0', detail: expect.stringContaining('64 bits') }]);
  });

  test('must not be nested so deep that a stack could overflow', () => {
    expect(errorsOf(nested(63))).toEqual([]);
    expect(errorsOf(nested(64))).toEqual([
      { pointer: `/payload${'/0'.repeat(63)}`, detail: 'must not be nested deeper than 64 levels' },
    ]);
    expect(errorsOf(nested(100_000))).toHaveLength(1);
  });
});

function outcomeOf(decoded: () => unknown): object {
  try {
    return { decoded: decoded() };
  } catch (error) {
    return { errors: (error as Problem).errors };
  }
}

/** Mostly valid fields, beside some that are not, and unknown ones. */
const arbitraryBody = record(
  {
    type: constantFrom<unknown>('email', 'email', 'email', 'Email', 3),
    payload: constantFrom<unknown>(null, 1, 'a', { to: ['a'] }),
    delayMs: constantFrom<unknown>(0, 1_000, -1, '1'),
    maxAttempts: constantFrom<unknown>(1, 1_000, 0, 1.5),
    timeoutMs: constantFrom<unknown>(1, 60_000, 0, null),
    tags: constantFrom<unknown>([], ['a', 'b'], [''], [1], 'a'),
    priority: constantFrom<unknown>('high', 'normal', 'low', 'lowest'),
    backoff: constantFrom<unknown>({ type: 'fixed' }, { type: 'fixed', delay: 1 }, 'fixed'),
    unknown: constant(1),
  },
  { requiredKeys: ['type'] },
);

test('a plain request, which is not decoded, is what decoding would have made of it', () => {
  const decode = bodyDecoder(CreateJobRequest);
  assert(
    property(arbitraryBody, (body) => {
      expect(outcomeOf(() => decodeCreateJob(body, NOW))).toEqual(outcomeOf(() => decode(body)));
    }),
    { numRuns: 2_000 },
  );
});
