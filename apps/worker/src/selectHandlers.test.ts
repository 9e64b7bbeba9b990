import { ConfigError } from '@jobstream/runtime';
import { expect, test } from 'vitest';
import { handlerRegistry, jobHandler } from '@jobstream/worker/engine';
import * as Schema from 'effect/Schema';
import { effectJob } from './effectJob.ts';
import { checkLimits, selectHandlers } from './selectHandlers.ts';

const registered = handlerRegistry(
  ['sleep', 'email'].map((type) => jobHandler(effectJob(type, Schema.Unknown), () => undefined)),
);

test('all handlers run by default, or those whose types are selected', () => {
  expect([...selectHandlers(registered).keys()]).toEqual(['sleep', 'email']);
  expect([...selectHandlers(registered, ['sleep']).keys()]).toEqual(['sleep']);
});

const selectUnknown = () => selectHandlers(registered, ['email', 'fax', 'telex']);

test('a selected type without a handler is a configuration error of one sentence', () => {
  expect(selectUnknown).toThrow(ConfigError);
  expect(selectUnknown).toThrow('expected WORKER_TYPES to name one or more of email, sleep, got: fax, telex');
});

test('selecting nothing is a configuration error', () => {
  expect(() => selectHandlers(registered, [])).toThrow('got: none');
});

test('a limit for a type without a handler is a configuration error of one sentence', () => {
  const limits = new Map([['email', { concurrency: 1 }]]);
  expect(checkLimits(registered, limits)).toBe(limits);
  expect(checkLimits(registered, undefined)).toBeUndefined();
  const check = () => checkLimits(registered, new Map([...limits, ['fax', { concurrency: 1 }]]));
  expect(check).toThrow(ConfigError);
  expect(check).toThrow('expected WORKER_LIMITS to name only email, sleep, got: fax');
});
