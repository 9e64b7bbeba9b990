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

function namesOf(chosen: readonly { readonly name: string }[]): readonly string[] {
  return chosen.map(({ name }) => name);
}

test('stages are chosen by their names, which differ', () => {
  expect(new Set(namesOf(stages)).size).toBe(stages.length);
  expect(namesOf(chooseStages(stages, { names: ['speed', 'tests', 'checks'] }))).toEqual(['checks', 'tests', 'speed']);
  const unknown = /^no stage tsets: there are checks, tests, /;
  expect(() => chooseStages(stages, { names: ['tests', 'tsets'] })).toThrow(unknown);
  expect(() => chooseStages(stages, { from: 'tsets' })).toThrow(unknown);
});

test('without a name the gate runs, with `all` every stage, and with `from` that one and all behind it', () => {
  expect(namesOf(chooseStages(stages, {}))).toEqual(['checks', 'tests', 'smoke']);
  expect(chooseStages(stages, { names: ['all'] })).toEqual(stages);
  const last = stages.slice(-2);
  expect(chooseStages(stages, { names: ['all'], from: last[0]?.name })).toEqual(last);
});

test('the workflow of the night and of releases runs each stage that is not in the gate', async () => {
  const workflow = await readFile(path.join(repositoryRoot, '.github/workflows/all.yml'), 'utf8');
  const [, matrix = ''] = /stage:\n((?: +- [\w-]+\n)+)/.exec(workflow) ?? [];
  const listed = [...matrix.matchAll(/- ([\w-]+)/g)].map(([, name]) => name);
  expect(listed).toEqual(namesOf(stages.filter(({ gate }) => gate !== true)));
});
