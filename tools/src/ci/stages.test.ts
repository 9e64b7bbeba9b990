import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { repositoryRoot } from '@jobstream/servers';
import { chooseStages, stages } from './stages.ts';

test('every npm script that a stage runs exists', async () => {
  const manifest = JSON.parse(await readFile(path.join(repositoryRoot, 'package.json'), 'utf8')) as { scripts: object };
  const wanted = stages.flatMap(({ command }) =>
    [...command.matchAll(/npm (?:run )?([\w:]+)/g)].map(([, name]) => name),
  );
  expect(wanted.length).toBeGreaterThanOrEqual(stages.length);
  expect(wanted.filter((name) => !Object.hasOwn(manifest.scripts, name ?? ''))).toEqual([]);
});

test('stages are chosen by their names, which differ', () => {
  const names = stages.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(chooseStages(stages, [])).toEqual(stages);
  expect(chooseStages(stages, ['tests', 'checks']).map(({ name }) => name)).toEqual(['checks', 'tests']);
  expect(() => chooseStages(stages, ['tests', 'tsets'])).toThrow(/^no stage tsets: there are checks, tests, /);
});
