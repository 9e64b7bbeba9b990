import { array, assert, constantFrom, nat, property, tuple } from 'fast-check';
import { expect, test } from 'vitest';
import { ServerSentEvents } from './serverSentEvents.ts';

const blocksOf = (...pieces: string[]) => {
  const events = new ServerSentEvents();
  return pieces.flatMap((piece) => events.push(piece));
};

test.each([
  ['an event', 'id: 7\nevent: JobFailed\ndata: {"a": 1}\n\n', [{ id: '7', data: '{"a": 1}' }]],
  ['data in several lines', 'data: a\ndata:b\ndata\n\n', [{ data: 'a\nb\n' }]],
  ['a position alone', 'id: 7\n\n', [{ id: '7' }]],
  ['a comment and a field that is not known', ': heartbeat\ncolour: red\nretry: 1000\n\n', [{}]],
  ['only one space is taken off', 'data:  a: b\n\n', [{ data: ' a: b' }]],
  [
    'lines that end otherwise',
    'id: 1\r\ndata: a\r\n\r\nid: 2\rdata: b\r\rid: 3',
    [
      { id: '1', data: 'a' },
      { id: '2', data: 'b' },
    ],
  ],
  ['what is not complete', 'id: 7\ndata: a\n', []],
])('%s', (_what, text, blocks) => {
  expect(blocksOf(text)).toEqual(blocks);
});

test('chunk boundaries make no difference to the parsed blocks', () => {
  const line = constantFrom('id: 1', 'data: {"ä":"€"}', 'data', ': c', 'event: x', '', '');
  const stream = array(tuple(line, constantFrom('\n', '\r\n', '\r')), { maxLength: 20 });
  const cuts = array(nat({ max: 200 }), { maxLength: 10 });
  assert(
    property(stream, cuts, (lines, places) => {
      // What ends with a lone CR may go on with its LF: a line after it settles the matter.
      const text = `${lines.flat().join('')}: end\n`;
      const ends = [...places.filter((place) => place < text.length), text.length].toSorted((a, b) => a - b);
      const pieces = ends.map((end, index) => text.slice(ends[index - 1] ?? 0, end));
      expect(blocksOf(...pieces)).toEqual(blocksOf(text));
    }),
  );
});
