import { expect, test } from 'vitest';
import { optionsFor } from './filterOptions.ts';

const known = { types: ['email', 'webhook'], workers: [], errorNames: ['SmtpError'], errorCodes: [], tags: [] };
const labels = (text: string) => optionsFor(text, known).map(({ label }) => label);

test('known conditions that have the words come first, then the text as any kind of value', () => {
  expect(labels('smtp')).toEqual([
    'error SmtpError',
    'tag smtp',
    'error smtp',
    'code smtp',
    'worker smtp',
    'type smtp',
  ]);
  expect(labels('type webh')[0]).toBe('type webhook');
});

test('nothing typed offers what is known, and a path with a value a search alone', () => {
  expect(labels('')).toContain('status failed');
  expect(labels('customer=ACME')).toEqual(['payload or result customer=ACME']);
  expect(labels('result:invoice.total>=100')).toEqual(['payload or result result:invoice.total>=100']);
});
