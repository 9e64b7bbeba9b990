import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { defaultBackoff, retryDelayMs } from './settings/backoff.ts';
import { JobStatus, isTerminal } from './job.ts';
import { situations, type Situation } from '../../testing/historyOf.ts';
import { commandNames, outcomesOf } from '../../testing/outcomesOf.ts';

const page = readFileSync(new URL('../../../../docs/job-lifecycle.md', import.meta.url), 'utf8');

/** The cells of the first table under the heading, without its head and without code marks. */
function tableUnder(heading: string): readonly (readonly string[])[] {
  const section = page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map(cellsOf);
}

function cellsOf(row: string): readonly string[] {
  const cells = row.split('|').slice(1, -1);
  return cells.map((cell) => cell.trim().replaceAll('`', ''));
}

function headUnder(heading: string): readonly string[] {
  const section = page.split(`\n## ${heading}\n`)[1] ?? '';
  return cellsOf(section.split('\n').find((line) => line.startsWith('|')) ?? '');
}

const sorted = (values: Iterable<string>) => [...values].toSorted();

describe('the table of commands and statuses', () => {
  const HEADING = 'Every command in every status';
  const [, ...columns] = headUnder(HEADING);
  const rows = new Map(tableUnder(HEADING).map(([command, ...cells]) => [command, cells]));

  test('has a row for every command and a column for every status', () => {
    expect(sorted(rows.keys() as Iterable<string>)).toEqual(sorted(commandNames));
    expect(columns).toEqual(situations);
  });

  describe.each(commandNames)('%s', (command) => {
    test.each(situations)('%s: the page says what the code does', (situation) => {
      const cell = rows.get(command)?.[columns.indexOf(situation)] ?? '';
      const documented = cell.split('<br>').map((outcome) => (outcome === '–' ? 'illegal-transition' : outcome));
      expect(sorted(documented)).toEqual(sorted(outcomesOf(command, situation)));
    });
  });
});

test('the diagram has an arrow for every way from status to status, and no other', () => {
  const arrows = page.matchAll(/^ {4}(\S+) --> (\w+): (\w+)$/gm);
  const drawn = [...arrows].map(([, from, to, event]) => `${from === '[*]' ? 'no job' : from}: ${event} → ${to}`);
  expect(sorted(drawn)).toEqual(sorted(new Set(commandNames.flatMap(waysOf))));
});

function waysOf(command: (typeof commandNames)[number]): readonly string[] {
  const ways = (situation: Situation) => outcomesOf(command, situation).filter((outcome) => outcome.includes('→'));
  return situations.flatMap((situation) => ways(situation).map((way) => `${situation}: ${way}`));
}

test('the table of statuses has every status and says which have ended', () => {
  const documented = tableUnder('Statuses').map(([status, , ended]) => [status, ended?.startsWith('yes')]);
  expect(documented).toEqual(JobStatus.literals.map((status) => [status, isTerminal(status)]));
});

test('the table of refusals has every code that a command can be refused with', () => {
  const documented = tableUnder('Refusals').map(([code]) => String(code));
  const outcomes = commandNames.flatMap((command) => situations.flatMap((situation) => outcomesOf(command, situation)));
  const refusals = new Set(outcomes.filter((outcome) => !outcome.includes('→')));
  expect(sorted(documented)).toEqual(sorted(refusals.add('unreadable').add('too-many-signals')));
});

test('the waits of the default backoff are those of the code', () => {
  const rows = tableUnder('How long a retry waits');
  expect(rows.length).toBeGreaterThan(0);
  const computed = rows.map(([attempt]) => {
    const n = Number(attempt);
    return [attempt, `${retryDelayMs(defaultBackoff, n, 1)} ms`, `${retryDelayMs(defaultBackoff, n, 0)} ms`];
  });
  expect(rows).toEqual(computed);
});
