import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { namedFiles } from './namedFiles.ts';

const root = path.resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const documents = ['README.md', 'CONTRIBUTING.md', ...globSync('docs/**/*.md', { cwd: root })];

test('paths in code marks are found, each once', () => {
  const text =
    'See `apps/api/src/main.ts`, `e2e/chaos`, `docs/decisions/` and `apps/api/src/main.ts`; not `npm test` or docs/api.md.';
  expect(namedFiles(text)).toEqual(['apps/api/src/main.ts', 'e2e/chaos', 'docs/decisions']);
});

test.each(documents)('every file and folder that %s names exists', (document) => {
  expect(namedFiles(read(document)).filter((name) => !existsSync(path.join(root, name)))).toEqual([]);
});

test('every guarantee in the README names a test that exists and has tests in it', () => {
  const section = /## Guarantees\n([\s\S]*?)\n## /.exec(read('README.md'))?.[1] ?? '';
  const guarantees = section.split(/^- /m).slice(1);
  expect(guarantees.length).toBeGreaterThanOrEqual(6);
  expect(guarantees.filter((guarantee) => !namedFiles(guarantee).some(isTested))).toEqual([]);
});

function isTested(name: string): boolean {
  const files = name.endsWith('.ts') ? [name] : globSync(`${name}/**/*.test.ts`, { cwd: root });
  return files.some((file) => file.endsWith('.test.ts') && /\btest[.(]/.test(read(file)));
}
