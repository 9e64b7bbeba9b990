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
  const chosen = chooseStages(stages, { names: ['speed', 'tests', 'checks'] });
  expect(chosen.map(({ name }) => name)).toEqual(['checks', 'tests', 'speed']);
  expect(() => chooseStages(stages, { names: ['tests', 'tsets'] })).toThrow(
    /^no stage tsets: there are checks, tests, /,
  );
});

test('each stage runs with every push or every night', () => {
  const pushed = chooseStages(stages, {});
  const nightly = chooseStages(stages, { nightly: true });
  expect(pushed.map(({ name }) => name)).toEqual(expect.arrayContaining(['checks', 'tests', 'system', 'containers']));
  expect(nightly.map(({ name }) => name)).toEqual(expect.arrayContaining(['compose', 'speed']));
  expect([...pushed, ...nightly].toSorted((a, b) => stages.indexOf(a) - stages.indexOf(b))).toEqual(stages);
});

test('the nightly workflow runs each nightly stage', async () => {
  const workflow = await readFile(path.join(repositoryRoot, '.github/workflows/nightly.yml'), 'utf8');
  const [, matrix] = /stage: \[(.+)\]/.exec(workflow) ?? [];
  expect(matrix).toBe(
    chooseStages(stages, { nightly: true })
      .map(({ name }) => name)
      .join(', '),
  );
});
