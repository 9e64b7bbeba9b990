import { expect, test } from 'vitest';
import { jobErrorOf } from './jobErrorOf.ts';
import { UnrecoverableError } from './handlerErrors.ts';

test('an error keeps its name, message, code and stack', () => {
  expect(jobErrorOf(new UnrecoverableError('gone', { code: 'HTTP_410' }))).toEqual({
    name: 'UnrecoverableError',
    message: 'gone',
    code: 'HTTP_410',
    stack: expect.stringContaining('jobErrorOf.test.ts'),
  });
});

test('the stack tells the cause, too', () => {
  const error = new Error('outer', { cause: new TypeError('inner') });
  expect(jobErrorOf(error).stack).toMatch(/outer[^]*\[cause\]: TypeError: inner/);
});

test('a worker that keeps no stacks records none', () => {
  expect(jobErrorOf(new Error('gone'), { stacks: false })).toEqual({ name: 'Error', message: 'gone' });
});

test('long parts are cut', () => {
  const error = new Error('m'.repeat(100_000));
  const { message, stack } = jobErrorOf(error);
  expect(message.length).toBe(2_048);
  expect(stack?.length).toBe(4_096);
});

test.each([
  ['a string', 'plain', 'plain'],
  ['undefined', undefined, 'undefined'],
  ['an object', { status: 3 }, '{ status: 3 }'],
  ['an object without prototype', Object.create(null), '[Object: null prototype] {}'],
  ['a symbol', Symbol('s'), 'Symbol(s)'],
])('%s can be thrown', (_name, thrown, message) => {
  expect(jobErrorOf(thrown)).toEqual({ name: 'NonErrorThrown', message });
});

test('an error with fields of the wrong kind does no harm', () => {
  const error = Object.assign(new Error('x'), { message: { deep: 1 }, code: 17, stack: undefined });
  expect(jobErrorOf(error)).toEqual({ name: 'Error', message: '{ deep: 1 }', code: '17' });
});

test('text that Postgres would refuse is mended', () => {
  const { message } = jobErrorOf(new Error('nul \0 half \uD83D'));
  expect(message).toBe('nul \uFFFD half \uFFFD');
});
