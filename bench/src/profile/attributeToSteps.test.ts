import { expect, test } from 'vitest';
import { attributeToSteps, firstStep, innermostStep, stacksOfTraces } from './attributeToSteps.ts';

const RULES = [
  { step: 'store', frames: /^store/ },
  { step: 'check', frames: /^check/ },
];
const CHECK_WITHIN_STORE = { frames: ['memmove', 'check it', 'store it'], weight: 3 };
const UNKNOWN = { frames: ['memmove'], weight: 1 };

test('a stack belongs to the step of its innermost frame that has one', () => {
  expect(attributeToSteps([CHECK_WITHIN_STORE, UNKNOWN], RULES, innermostStep)).toEqual([
    { step: 'check', share: 0.75 },
    { step: 'other', share: 0.25 },
  ]);
});

test('a stack belongs to the first step of the list that matches any of its frames', () => {
  expect(attributeToSteps([CHECK_WITHIN_STORE, UNKNOWN], RULES, firstStep)).toEqual([
    { step: 'store', share: 0.75 },
    { step: 'other', share: 0.25 },
  ]);
});

test('an empty profile has no steps', () => {
  expect(attributeToSteps([], RULES, firstStep)).toEqual([]);
});

const TRACES = `File: nats-server
Type: cpu
Duration: 2s, Total samples = 60ms ( 3%)
-----------+-------------------------------------------------------
      10ms   runtime.memmove
             server.(*fileStore).StoreMsg (inline)
-----------+-------------------------------------------------------
    stream:  JOBS
   account:  $G
     1.50s   syscall.Fsync
             os.(*File).Sync
-----------+-------------------------------------------------------
`;

test('a stack has its time and its functions, the innermost first', () => {
  expect(stacksOfTraces(TRACES)[0]).toEqual({
    frames: ['runtime.memmove', 'server.(*fileStore).StoreMsg (inline)'],
    weight: 10_000,
  });
});

test('the labels of a goroutine are not counted as functions', () => {
  expect(stacksOfTraces(TRACES).slice(1)).toEqual([
    { frames: ['syscall.Fsync', 'os.(*File).Sync'], weight: 1_500_000 },
  ]);
});
