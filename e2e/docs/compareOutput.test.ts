import { expect, test } from 'vitest';
import { missingLine, unlikeAnswer } from './compareOutput.ts';

const actual = `HTTP/1.1 201 Created
location: /api/jobs/01a21007-5d41-7b37-bb26-e9f0e3028d57

{"id":"01a21007-5d41-7b37-bb26-e9f0e3028d57","status":"pending","at":"2026-11-25T00:07:27.809Z","errors":[{"detail":"no, never"}]}
status 201
`;

test.each([
  ['all of it', actual],
  ['other ids and times', '{"id": "00000000-0000-0000-0000-000000000000", "at": "2020-01-01T00:00:00Z"}'],
  ['a part in several lines', '{\n  "status": "pending",\n  "errors": [{ "detail": "no, …" }]\n}'],
  ['a status and a header', 'HTTP/1.1 201 Created\nLocation: /x'],
])('%s is like the answer', (_what, documented) => {
  expect(unlikeAnswer(documented, actual)).toBeUndefined();
});

test.each([
  ['another status', 'HTTP/1.1 200 OK', 'HTTP/1.1 200 OK'],
  ['another header', 'ETag: "1"', 'ETag'],
  ['another text', '{"status": "done"}', '{"status":"done"}'],
  ['another type', '{"status": 1}', '{"status":1}'],
  ['a field that is not there', '{"errors": [{"pointer": ""}]}', '{"errors":[{"pointer":""}]}'],
])('%s is not', (_what, documented, unlike) => {
  expect(unlikeAnswer(documented, actual)).toBe(unlike);
});

const lines = 'Stream:  JOBS\n\n│ Name   │ 3 │\nlast: 17\n';

test.each([
  ['lines that are all there', 'Stream: JOBS\n│ Name │ 3 │'],
  ['a gap in a line', '│ … │ 3 │\nlast: …'],
])('%s miss nothing', (_name, documented) => {
  expect(missingLine(documented, lines)).toBeUndefined();
});

test.each([
  ['another number', 'Stream: JOBS\n│ Name │ 4 │', '│ Name │ 4 │'],
  ['another order', 'last: 17\nStream: JOBS', 'Stream: JOBS'],
  ['a part of a line', 'Stream', 'Stream'],
])('%s is missing', (_name, documented, missing) => {
  expect(missingLine(documented, lines)).toBe(missing);
});
