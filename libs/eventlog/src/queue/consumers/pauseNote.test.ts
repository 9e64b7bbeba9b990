import { expect, test } from 'vitest';
import { withPauseNote } from './pauseNote.ts';

const metadata = { 'jobstream-type': 'email' };

test.each([
  ['without a note nothing is added', { metadata }, {}, { metadata }],
  ['metadata that are not known are not replaced', {}, { note: 'by ops' }, {}],
  [
    'a new consumer has the note alone',
    {},
    { note: 'by ops', isNew: true },
    { metadata: { 'jobstream-pause': 'by ops' } },
  ],
  [
    'known metadata are kept',
    { metadata },
    { note: 'by ops' },
    { metadata: { ...metadata, 'jobstream-pause': 'by ops' } },
  ],
] as const)('%s', (_what, wanted, pause, expected) => {
  expect(withPauseNote(wanted, pause)).toStrictEqual(expected);
});
