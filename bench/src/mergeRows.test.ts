import { expect, test } from 'vitest';
import { mergeRows, type PeerResults } from './mergeRows.ts';

const ORDER = ['bulk', 'drain', 'latency'];

function results(processor: string, ...rows: readonly (readonly [workload: string, systemId: string, date: string])[]) {
  const measured = rows.map(([workload, systemId, date]) => ({ workload, systemId, date }));
  return { processor, cores: 2, rows: measured } as unknown as PeerResults;
}

function rowsOf(merged: PeerResults): readonly string[] {
  return merged.rows.map(({ workload, systemId, date }) => `${workload} ${systemId} ${date}`);
}

test('a measured workload replaces all its older rows, and the others keep theirs in the usual order', () => {
  const older = results(
    'a',
    ['bulk', 'ours', 'old'],
    ['drain', 'ours', 'old'],
    ['drain', 'gone', 'old'],
    ['latency', 'ours', 'old'],
  );
  const merged = mergeRows(older, results('a', ['drain', 'ours', 'new'], ['drain', 'other', 'new']), ORDER);
  expect(rowsOf(merged)).toEqual(['bulk ours old', 'drain ours new', 'drain other new', 'latency ours old']);
});

test('rows of another machine are not kept', () => {
  const merged = mergeRows(results('a', ['bulk', 'ours', 'old']), results('b', ['drain', 'ours', 'new']), ORDER);
  expect(rowsOf(merged)).toEqual(['drain ours new']);
});

test('without older results there are those that were measured', () => {
  expect(rowsOf(mergeRows(undefined, results('a', ['drain', 'ours', 'new']), ORDER))).toEqual(['drain ours new']);
});
