import { expect, test } from 'vitest';
import { firstStep, innermostStep, shareOut } from './shareOut.ts';

const RULES = [
  { step: 'store', frames: /^store/ },
  { step: 'check', frames: /^check/ },
];
const CHECK_WITHIN_STORE = { frames: ['memmove', 'check it', 'store it'], weight: 3 };
const UNKNOWN = { frames: ['memmove'], weight: 1 };

test('a stack belongs to the step of its innermost frame that has one', () => {
  expect(shareOut([CHECK_WITHIN_STORE, UNKNOWN], RULES, innermostStep)).toEqual([
    { step: 'check', share: 0.75 },
    { step: 'other', share: 0.25 },
  ]);
});

test('a stack belongs to the first step of the list that has a frame anywhere on it', () => {
  expect(shareOut([CHECK_WITHIN_STORE, UNKNOWN], RULES, firstStep)).toEqual([
    { step: 'store', share: 0.75 },
    { step: 'other', share: 0.25 },
  ]);
});

test('without a stack there are no steps', () => {
  expect(shareOut([], RULES, firstStep)).toEqual([]);
});
