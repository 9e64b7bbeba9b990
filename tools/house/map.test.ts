import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const document = readFileSync(path.join(root, 'docs/architecture.md'), 'utf8');
const packages = globSync('{apps,libs}/*/package.json', { cwd: root }).map((file) => path.dirname(file));

/** Words in code marks that are no rooms. */
const CODE = new Set(['src', 'asOf', 'createWorker', 'decide', 'evolve', 'dev']);

const sectionOf = (heading: string) => document.split(/^#+ /mu).find((part) => part.startsWith(heading)) ?? '';
const rowsOf = (heading: string) =>
  sectionOf(heading)
    .split('\n')
    .filter((line) => line.startsWith('| '));

test('each package has its place among the layers', () => {
  const rows = rowsOf('The packages').join('\n');
  expect(packages.filter((name) => !rows.includes(`\`${name}\``))).toEqual([]);
});

test.each(packages)('the map has the rooms of %s, and no others', (name) => {
  const row = rowsOf('Their rooms').find((line) => line.startsWith(`| \`${name}\` `)) ?? '';
  const named = [...row.matchAll(/`([a-zA-Z]+)`/gu)].map(([, room]) => String(room));
  const rooms = globSync(`${name}/src/*/`, { cwd: root }).map((folder) => path.basename(folder));
  expect(rooms.filter((room) => !named.includes(room))).toEqual([]);
  expect(named.filter((word) => !rooms.includes(word) && !CODE.has(word))).toEqual([]);
});

test('every place of the map exists', () => {
  const places = [...sectionOf('Their rooms').matchAll(/`([a-zA-Z]+\.ts)`/gu)].map(([, file]) => String(file));
  expect(places.length).toBeGreaterThan(0);
  expect(places.filter((file) => globSync(`{apps,libs}/*/src/${file}`, { cwd: root }).length === 0)).toEqual([]);
});

test('no folder has more files than one can look through', () => {
  const counts = new Map<string, number>();
  for (const file of globSync('{apps,libs,tools}/{*/,}src/**/*.{ts,tsx}', { cwd: root })) {
    if (/\.test\.tsx?$/u.test(file)) continue;
    const folder = path.dirname(file);
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  expect(counts.size).toBeGreaterThan(50);
  expect([...counts].filter(([, count]) => count > 15)).toEqual([]);
});
