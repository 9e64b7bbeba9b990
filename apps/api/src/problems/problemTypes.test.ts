import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { problemTypes } from './problemTypes.ts';

test('docs/api.md lists every kind of problem with its status', () => {
  const document = readFileSync(new URL('../../../../docs/api.md', import.meta.url), 'utf8');
  const rows = document.matchAll(/^\| (\d{3}) +\| `([\w-]+)` /gm);
  const documented = Object.fromEntries([...rows].map(([, status, code]) => [code, Number(status)]));
  const known = Object.fromEntries(Object.entries(problemTypes).map(([code, { status }]) => [code, status]));
  expect(documented).toEqual(known);
});
