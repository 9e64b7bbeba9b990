import { describe, expect, test } from 'vitest';
import { decodeJobEvent, encodeJobEvent, type JobEventOf } from './jobEvent.ts';
import { jobCreated, jobFailed, jobStarted } from '../../testing/jobEvents.ts';

const body = (changes: object): string => JSON.stringify({ ...jobStarted(), ...changes });

test('a body is the event as JSON', () => {
  expect(JSON.parse(encodeJobEvent(jobStarted()))).toStrictEqual(jobStarted());
});

test('unknown fields are dropped, except within the payload', () => {
  const text = JSON.stringify({ ...jobCreated({ payload: { any: 'thing' } }), region: 'eu' });
  const decoded = decodeJobEvent(text.replace('"tags"', '"colour":"red","tags"'));
  expect(decoded).toStrictEqual({ kind: 'event', event: jobCreated({ payload: { any: 'thing' } }) });
});

test.each([
  ['null', null],
  ['false', false],
  ['an empty string', ''],
  ['zero', 0],
  ['the largest double', Number.MAX_VALUE],
  ['the smallest double', 5e-324],
  ['an array of arrays', [[], [[]], {}]],
  ['unpaired surrogates and control characters', '\ud800 \udfff \u0000 \u2028'],
  ['keys of the prototype', JSON.parse('{"__proto__":{"polluted":true},"constructor":null,"toString":1}') as unknown],
  ['empty and strange keys', { '': 1, '.': 2, ' ': 3, '0': 4, 'é🙂': 5 }],
])('a payload survives encoding and decoding: %s', (_name, payload) => {
  const event = jobCreated({ payload });
  expect(decodeJobEvent(encodeJobEvent(event))).toStrictEqual({ kind: 'event', event });
  expect(Object.prototype).not.toHaveProperty('polluted');
});

test('a JobFailed without a duration, of an earlier release or of a lost worker, is an event', () => {
  const { durationMs: _durationMs, ...data } = jobFailed().data as JobEventOf<'JobFailed'>['data'];
  const event = { ...jobFailed(), data };
  expect(decodeJobEvent(JSON.stringify(event))).toStrictEqual({ kind: 'event', event });
});

describe('bodies of newer releases', () => {
  const { jobId, jobType } = jobStarted();

  test.each([2, 3, 1_000])('version %d is named, whatever else the body holds', (v) => {
    const text = JSON.stringify({ v, event: 'JobStarted', jobId, jobType, version: 7, news: true });
    expect(decodeJobEvent(text)).toEqual({
      kind: 'newer',
      event: { event: 'UnreadableEvent', name: 'JobStarted', jobId, jobType, version: 7 },
      reason: `schema version ${v} is newer than this release`,
    });
  });

  test('an unknown name is one of a newer release', () => {
    expect(decodeJobEvent(body({ event: 'JobPaused' }))).toEqual({
      kind: 'newer',
      event: { event: 'UnreadableEvent', name: 'JobPaused', jobId, jobType, version: jobStarted().version },
      reason: 'JobPaused is no event of this release',
    });
  });

  test.each([
    ['no job', { v: 2 }],
    ['no name', { v: 2, jobId, jobType, version: 2 }],
    ['no version', { v: 2, event: 'JobStarted', jobId, jobType }],
    ['a job type that is none', { v: 2, event: 'JobStarted', jobId, jobType: 'E-Mail', version: 2 }],
    ['a name that no release would choose', { ...jobStarted(), event: 'job.paused' }],
  ])('one that says %s is malformed', (_name, event) => {
    expect(decodeJobEvent(JSON.stringify(event))).toMatchObject({ kind: 'malformed' });
  });

  test.each([0, -1, 1.5, '2', null, [2], true])('%j is no version', (v) => {
    expect(decodeJobEvent(body({ v }))).toMatchObject({ kind: 'malformed' });
  });
});

describe('bodies that are no event', () => {
  test.each(['', 'hello', '{', 'null', '[]', '{}', '1', '"JobStarted"', '\ufeff{}'])('%j', (text) => {
    expect(decodeJobEvent(text)).toMatchObject({ kind: 'malformed', reason: expect.stringMatching(/\S/) });
  });

  test.each([
    ['an empty event id', { id: '' }],
    ['an event id that is too long', { id: 'x'.repeat(129) }],
    ['an upper-case job id', { jobId: '01980000-0000-7000-8000-00000000000A' }],
    ['a job type with a dot', { jobType: 'email.eu' }],
    ['version 0', { version: 0 }],
    ['a fraction of a version', { version: 1.5 }],
    ['a time that is none', { at: 'yesterday' }],
    ['an unknown kind of actor', { actor: { kind: 'robot', id: '1' } }],
    ['no data', { data: undefined }],
    ['attempt 0', { data: { attempt: 0, worker: 'worker-1' } }],
    ['the data of another event', { data: { reason: 'shutdown' } }],
  ])('%s', (_name, changes) => {
    expect(decodeJobEvent(body(changes))).toMatchObject({ kind: 'malformed' });
  });

  test('the reason says where the body is wrong', () => {
    const decoded = decodeJobEvent(body({ jobType: 'E-Mail' }));
    expect(decoded).toHaveProperty('reason', expect.stringContaining('["jobType"]'));
  });

  test('an absurdly deep body is refused like any other', () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    expect(decodeJobEvent(deep)).toMatchObject({ kind: 'malformed' });
    expect(decodeJobEvent(body({}).replace('"attempt":1', `"attempt":${deep}`))).toMatchObject({ kind: 'malformed' });
  });
});
