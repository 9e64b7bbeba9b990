import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { comparedSystems, countLines, importedPackages, programText } from './comparedSystem.ts';
import { comparisonPage, renderComparisonPage } from './comparisonPage.ts';

test('docs/comparison.md has the programs as they are, their counts, and the last figures', async () => {
  const page = await readFile(comparisonPage, 'utf8');
  expect(page).toBe(await renderComparisonPage(page));
});

test('the page is made anew when a count in it is wrong', async () => {
  const page = await readFile(comparisonPage, 'utf8');
  const wrong = page.replace(/(\| Jobstream +\| +)\d+/, '$1999');
  expect(wrong).not.toBe(page);
  expect(await renderComparisonPage(wrong)).toBe(page);
});

describe('the programs of Jobstream', () => {
  const jobstream = comparedSystems.find(({ id }) => id === 'jobstream');
  const lines = (file: 'thumbnail.ts' | 'worker.ts' | 'producer.ts') =>
    jobstream === undefined ? Number.NaN : countLines(programText(jobstream, file));

  test('need at most 10 lines for the worker with its definition, and 4 for the producer', () => {
    expect(lines('thumbnail.ts') + lines('worker.ts')).toBeLessThanOrEqual(10);
    expect(lines('producer.ts')).toBeLessThanOrEqual(4);
  });
});

test('lines count unless they are blank', () => {
  expect(countLines("import { a } from 'b';\n\n  \nif (a) {\n  a();\n}\n")).toBe(4);
});

test('packages are found in imports, files beside the program are not', () => {
  const program = "import { a } from 'b';\nimport c, { type D } from '@e/f';\nimport { g } from './g.ts';\n";
  expect(importedPackages([program, program])).toEqual(['b', '@e/f']);
});
