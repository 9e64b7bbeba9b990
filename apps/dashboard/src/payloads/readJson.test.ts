import { expect, test } from 'vitest';
import { readJson } from './readJson.ts';

test('what is typed is read, or its mistake is named', () => {
  expect(readJson('{"a": [1, 2.5, -0]}')).toEqual({ value: { a: [1, 2.5, -0] } });
  expect(readJson('{"a": }')).toEqual({ mistake: expect.stringContaining('JSON') });
});

test('an integer that would be changed is a mistake', () => {
  expect(readJson('{"id": 9007199254740993}')).toEqual({ mistake: expect.stringContaining('9007199254740993') });
  expect(readJson('{"id": 9007199254740992}')).toEqual({ value: { id: 9007199254740992 } });
});
