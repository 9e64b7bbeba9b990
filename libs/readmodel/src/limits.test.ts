import { fold } from '@jobstream/domain';
import { newJob } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { normalMessage } from './jobs/failureGroup.ts';
import { pageStatement } from './jobs/jobPage.ts';
import { searchStatements } from './search/searchRows.ts';

/** Whether a page of so many jobs can be asked for. */
function isListed(limit: number): boolean {
  try {
    return pageStatement('id', { limit }).values.includes(limit + 1);
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

function isSearched(length: number): boolean {
  const payload = { to: 'x'.repeat(length) };
  const job = fold([newJob(payload, 'email')]);
  if (job === undefined) throw new Error('there is no job');
  const write = { job, baseVersion: undefined, payload: JSON.stringify(payload) };
  return searchStatements([write], new Map([['email', ['to']]])).length > 0;
}

/** Whether a message of so many characters is another one if its last is another. */
const isRead = (length: number) => normalMessage(`${'x'.repeat(length - 1)}y`) !== normalMessage('x'.repeat(length));

test.each<[what: string, limit: number, accepts: (size: number) => boolean]>([
  ['the jobs of a page', 1_000, isListed],
  ['the characters of a value that is searched', 256, isSearched],
  ['the characters by which messages of errors differ', 300, isRead],
])('%s: %i count, and not one more', (_what, limit, accepts) => {
  expect([accepts(limit), accepts(limit + 1)]).toEqual([true, false]);
});
