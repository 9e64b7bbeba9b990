import { expect, test } from 'vitest';
import { testsOfMutant } from './testsOfMutant.ts';

const reach = [
  { test: 'wide', blocks: ['a.ts:1', 'a.ts:7', 'b.ts:1'] },
  { test: 'narrow', blocks: ['a.ts:1', 'a.ts:7'] },
  { test: 'widest', blocks: ['a.ts:1', 'b.ts:1', 'b.ts:2', 'b.ts:3'] },
  { test: 'elsewhere', blocks: ['b.ts:1'] },
];

test('the tests that run the code of a mutant come in growing groups, preferred ones first, then those that run least else', () => {
  expect(testsOfMutant('a.ts:1', reach, new Set())).toEqual([['narrow', 'wide'], ['widest']]);
  expect(testsOfMutant('a.ts:1', reach, new Set(['widest', 'elsewhere']))).toEqual([['widest', 'narrow'], ['wide']]);
  expect(testsOfMutant('a.ts:7', reach, new Set(['widest']))).toEqual([['narrow', 'wide']]);
});

test('a mutant in code that no test runs is left to all of them', () => {
  expect(testsOfMutant('c.ts:1', reach, new Set())).toEqual([
    ['elsewhere', 'narrow'],
    ['wide', 'widest'],
  ]);
});
