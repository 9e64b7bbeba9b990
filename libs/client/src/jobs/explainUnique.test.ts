import { expect, test } from 'vitest';
import { explainUnique } from './explainUnique.ts';

const createdAt = '2026-01-31T09:30:00.000Z';
const by = ['type', 'payload.userId'];

test.each([
  [{ by, while: 'unfinished' }, 'by type, payload.userId, until it has ended'],
  [{ by, while: 'waiting' }, 'by type, payload.userId, until its first start'],
  [{ by, forMs: 90_000 }, 'by type, payload.userId, until 2026-01-31T09:31:30.000Z'],
] as const)('says of %j by what a job is unique and until when', (unique, sentence) => {
  expect(explainUnique({ unique, createdAt })).toBe(sentence);
});

test('says nothing of a job that is not unique', () => {
  expect(explainUnique({ createdAt })).toBeUndefined();
});
