import { ConfigError } from '@jobstream/runtime';
import { Schema } from 'effect';
import { expect, test } from 'vitest';
import { defineHandler } from './defineHandler.ts';
import { handlerRegistry } from './handlerRegistry.ts';

const handler = (type: string) => defineHandler({ type, payload: Schema.Unknown, run: () => undefined });

test('all handlers are registered unless types are selected', () => {
  const handlers = [handler('email'), handler('sleep')];
  expect([...handlerRegistry(handlers).keys()]).toEqual(['email', 'sleep']);
  expect([...handlerRegistry(handlers, ['sleep']).keys()]).toEqual(['sleep']);
});

test('two handlers of one type are refused', () => {
  expect(() => handlerRegistry([handler('email'), handler('email')])).toThrow(
    'two handlers are registered for the job type email',
  );
});

const selectUnknown = () => handlerRegistry([handler('sleep'), handler('email')], ['email', 'fax', 'telex']);

test('a selected type without a handler is a configuration error of one sentence', () => {
  expect(selectUnknown).toThrow(ConfigError);
  expect(selectUnknown).toThrow('expected WORKER_TYPES to name one or more of email, sleep, got: fax, telex');
});

test('selecting nothing is a configuration error', () => {
  expect(() => handlerRegistry([handler('email')], [])).toThrow('got: none');
});
