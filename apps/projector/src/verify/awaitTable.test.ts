import { expect, test } from 'vitest';
import { awaitTable } from './awaitTable.ts';

const waiting = { patienceMs: 0, stop: new AbortController().signal, onProgress: () => undefined };

test('a table that advances while the log is asked for its end is not ahead of the log', async () => {
  let sequence = 5;
  const tables = { livePosition: () => Promise.resolve(sequence++) };
  const eventLog = { lastSequence: () => Promise.resolve(sequence++) };
  expect(await awaitTable({ eventLog, tables, ...waiting })).toBe(false);
});

test('a table that seems to be ahead of the log, as on a new leader of a cluster, is compared again', async () => {
  const tables = { livePosition: () => Promise.resolve(6) };
  let end = 4;
  const eventLog = { lastSequence: () => Promise.resolve(end++) };
  expect(await awaitTable({ eventLog, tables, ...waiting, patienceMs: 3_600_000 })).toBe(true);
});

test('a table that was ahead of the log before is of another one', async () => {
  const tables = { livePosition: () => Promise.resolve(6) };
  const eventLog = { lastSequence: () => Promise.resolve(5) };
  await expect(awaitTable({ eventLog, tables, ...waiting })).rejects.toThrow(
    'the read model is at sequence 6, but the log ends at 5',
  );
});
