import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const read = (file: string) => readFileSync(root + file, 'utf8');

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly process: string;
}

const MADE_IN_CODE = /name: '(jobstream_\w+)',\s*help: '([^']*)'/g;

function metricsInCode(): Metric[] {
  const files = globSync('{apps,libs}/*/src/**/*.ts', { cwd: root }).filter((file) => !file.endsWith('.test.ts'));
  return files.flatMap((file) =>
    [...read(file).matchAll(MADE_IN_CODE)].map(([, name = '', help = '']) => ({
      name,
      help,
      process: processOf(file),
    })),
  );
}

/** Every process has the metrics of libraries but those of attempts; the archiver is an optional part of the projector. */
function processOf(file: string): string {
  if (file.startsWith('apps/projector/src/archive/')) return 'archiver';
  return /^(?:apps\/|libs\/(?=worker\/))(\w+)\//.exec(file)?.[1] ?? 'all';
}

function metricsInDoc(): Metric[] {
  const rows = read('docs/metrics.md')
    .split('\n')
    .filter((line) => line.startsWith('| `jobstream_'));
  return rows.map((row) => {
    const [name = '', , , process = '', help = ''] = row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', ''));
    return { name, help, process };
  });
}

const byName = (left: Metric, right: Metric) => (left.name < right.name ? -1 : 1);

test('docs/metrics.md lists the metrics of the code with their help texts and processes', () => {
  expect(metricsInDoc().toSorted(byName)).toEqual(metricsInCode().toSorted(byName));
});

test('the alerts use existing metrics', () => {
  const known = new Set(metricsInDoc().map(({ name }) => name));
  const rules = read('docs/metrics.md').split('## Alerts')[1] ?? '';
  const asked = [...rules.matchAll(/jobstream_\w+/g)].map(([name]) => name.replace(/_(bucket|count|sum)$/, ''));
  expect(asked.length).toBeGreaterThan(5);
  expect(asked.filter((name) => !known.has(name))).toEqual([]);
});
