import { expect, test } from 'vitest';
import { missingLine } from './missingLine.ts';

const output = 'Stream:  JOBS\n\n│ Name   │ 3 │\nlast: 17\n';

test.each([
  ['lines that are all there', 'Stream: JOBS\n│ Name │ 3 │'],
  ['a gap in a line', '│ … │ 3 │\nlast: …'],
])('%s miss nothing', (_name, documented) => {
  expect(missingLine(documented, output)).toBeUndefined();
});

test.each([
  ['another number', 'Stream: JOBS\n│ Name │ 4 │', '│ Name │ 4 │'],
  ['another order', 'last: 17\nStream: JOBS', 'Stream: JOBS'],
  ['a part of a line', 'Stream', 'Stream'],
])('%s is missing', (_name, documented, missing) => {
  expect(missingLine(documented, output)).toBe(missing);
});
