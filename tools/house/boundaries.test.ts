import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkImports } from './checkImports.ts';
import { checkProjectGraph } from './checkProjectGraph.ts';
import type { ProjectGraph } from './checkProjectGraph.ts';
import { importsOf } from './importsOf.ts';
import { readProjectGraph } from './readProjectGraph.ts';
import { readWorkspace } from './workspace.ts';
import type { Workspace } from './workspace.ts';

const root = path.resolve(import.meta.dirname, '../..');
const workspace = readWorkspace(root);

/** What is said of a file that is planted in the real workspace. */
function complaints(file: string, text: string, around: Workspace = workspace): readonly string[] {
  const { files } = around;
  const planted = { ...around, files: [...files.filter((one) => one.path !== file), { path: file, text }] };
  return checkImports(planted).filter((line) => line.startsWith(`${file} `));
}

const importing = (name: string) => `import { x } from '${name}';`;

test('no import of the repository breaks a boundary', () => {
  expect(checkImports(workspace)).toEqual([]);
});

test('the check sees the repository: every package, its files, its dependencies', () => {
  const folders = ['apps/api', 'apps/projector', 'apps/worker', 'libs/domain', 'libs/eventlog', 'libs/readmodel'];
  for (const folder of [...folders, 'libs/runtime', 'libs/testing', 'tools']) {
    expect(workspace.manifests.map((manifest) => manifest.folder)).toContain(folder);
    expect(workspace.files.filter((file) => file.path.startsWith(`${folder}/`)).length).toBeGreaterThan(0);
  }
  expect(workspace.manifests.find(({ folder }) => folder === 'libs/domain')?.dependencies).toEqual(['effect']);
  expect(workspace.files.some(({ path: file }) => file.includes('node_modules'))).toBe(false);
});

describe('a planted import is caught', () => {
  test.each([
    ['an app imports another app', 'apps/api/src/x.ts', '@jobstream/worker', 'apps/api must not know apps/worker'],
    ['so does its test', 'apps/api/src/x.test.ts', '@jobstream/worker', 'apps/api must not know apps/worker'],
    ['an app reaches into another by path', 'apps/api/src/x.ts', '../../worker/src/main.ts', 'is imported by its name'],
    ['the worker imports the read model', 'apps/worker/src/x.ts', '@jobstream/readmodel', 'not know libs/readmodel'],
    ['an app imports Postgres', 'apps/api/src/x.ts', 'pg', 'apps/api must not know it'],
    ['an app imports NATS', 'apps/projector/src/x.ts', '@nats-io/jetstream', 'apps/projector must not know it'],
    ['the test of an app imports NATS', 'apps/api/src/x.test.ts', '@nats-io/transport-node', 'must not know it'],
    ['the runtime imports Postgres', 'libs/runtime/src/x.ts', 'pg', 'libs/runtime must not know it'],
    ['the log imports Postgres', 'libs/eventlog/src/x.ts', 'pg', 'libs/eventlog must not know it'],
    ['the read model imports NATS', 'libs/readmodel/src/x.ts', '@nats-io/nats-core', 'libs/readmodel must not know it'],
    ['the tools migrate by themselves', 'tools/src/x.ts', 'node-pg-migrate', 'tools must not know it'],
    ['the read model imports the log', 'libs/readmodel/src/x.ts', '@jobstream/eventlog', 'not know libs/eventlog'],
    ['the domain imports a library of ours', 'libs/domain/src/x.ts', '@jobstream/runtime', 'not know libs/runtime'],
    ['the domain imports the platform', 'libs/domain/src/x.ts', 'node:fs', 'knows nothing but effect'],
    ['the domain imports a package', 'libs/domain/src/x.ts', 'pino', 'knows nothing but effect'],
    [
      'the product imports the testing library',
      'libs/eventlog/src/x.ts',
      '@jobstream/testing',
      'not know libs/testing',
    ],
    ['the product imports the tools', 'apps/api/src/x.ts', '@jobstream/tools', 'must not know tools'],
    ['a library imports an app', 'libs/eventlog/src/x.ts', '@jobstream/api', 'must not know apps/api'],
    ['a package is entered by a side door', 'apps/api/src/x.ts', '@jobstream/domain/src/job.ts', 'by its name alone'],
    [
      'a package is not declared',
      'apps/projector/src/x.ts',
      'effect',
      'apps/projector/package.json does not declare it',
    ],
    ['the product uses what only tests declare', 'apps/api/src/x.ts', 'fast-check', 'does not declare it'],
    ['a part of a package is not declared', 'libs/readmodel/src/x.ts', 'effect/Schema', 'does not declare it'],
    ['a whole-system test uses what nobody declares', 'e2e/x.test.ts', 'left-pad', 'does not declare it'],
    ['a builtin goes by its short name', 'apps/api/src/x.ts', 'fs/promises', 'write node:fs/promises'],
  ])('%s', (_case, file, name, complaint) => {
    const [first = '', ...others] = complaints(file, importing(name)).filter((line) => line.includes(complaint));
    expect(first).toContain(`${file} imports ${name}: `);
    expect(others).toEqual([]);
  });

  test('a workspace package is not declared in package.json', () => {
    const forgetful = workspace.manifests.map((one) =>
      one.folder === 'apps/api' ? { ...one, dependencies: [] } : one,
    );
    const said = complaints('apps/api/src/x.ts', importing('@jobstream/domain'), {
      ...workspace,
      manifests: forgetful,
    });
    expect(said).toEqual(['apps/api/src/x.ts imports @jobstream/domain: apps/api/package.json does not declare it']);
  });
});

describe('an import that is in order is not complained about', () => {
  test.each([
    ['apps/api/src/x.ts', '@jobstream/readmodel'],
    ['apps/worker/src/x.ts', '@jobstream/eventlog'],
    ['apps/api/src/x.test.ts', '@jobstream/testing'],
    ['apps/worker/testing/x.ts', '@jobstream/testing'],
    ['apps/api/src/deep/x.ts', '../createApp.ts'],
    ['libs/readmodel/src/x.ts', 'pg'],
    ['libs/eventlog/src/x.ts', '@nats-io/jetstream'],
    ['tools/src/x.ts', 'pg'],
    ['e2e/x.test.ts', '@jobstream/testing'],
    ['libs/domain/src/x.ts', 'effect/Schema'],
    ['libs/domain/src/x.test.ts', 'fast-check'],
    ['apps/api/src/x.ts', 'node:fs'],
    ['e2e/x.test.ts', '@nats-io/transport-node'],
  ])('%s: %s', (file, name) => {
    expect(complaints(file, importing(name))).toEqual([]);
  });
});

describe('every way to name a module is seen', () => {
  test.each([
    (name: string) => `import '${name}';`,
    (name: string) => `import x from "${name}";`,
    (name: string) => `import type { X } from '${name}';`,
    (name: string) => `const first = 1;\nimport {\n  x,\n  type X,\n} from '${name}';`,
    (name: string) => `export { x } from '${name}';`,
    (name: string) => `export * from '${name}';`,
    (name: string) => `const x = await import('${name}');`,
    (name: string) => `type X = typeof import('${name}');`,
    (name: string) => `const x = require('${name}');`,
  ])('%s', (write) => {
    expect(importsOf(write('a-module'))).toEqual(['a-module']);
  });

  test('but not in texts and comments', () => {
    expect(importsOf(`export const from = 'x';\nconst text = "import y from 'y'";\n// import z from 'z'\n`)).toEqual(
      [],
    );
  });
});

describe('the graph of the packages', async () => {
  const graph = await readProjectGraph(root);

  function withEdge(source: string, target: string): ProjectGraph {
    const edges = [...(graph.dependencies[source] ?? []), { target }];
    return { ...graph, dependencies: { ...graph.dependencies, [source]: edges } };
  }

  test('keeps to the layers', () => {
    expect(checkProjectGraph(graph)).toEqual([]);
  });

  test('holds the packages and the dependencies that are there', () => {
    expect(Object.keys(graph.nodes).toSorted()).toEqual(
      workspace.manifests.flatMap(({ folder, name }) => (/^(bench)?$/.test(folder) ? [] : [name])).toSorted(),
    );
    expect(graph.dependencies['@jobstream/api']).toContainEqual(
      expect.objectContaining({ target: '@jobstream/eventlog' }),
    );
  });

  test.each([
    ['@jobstream/api', '@jobstream/worker'],
    ['@jobstream/worker', '@jobstream/readmodel'],
    ['@jobstream/domain', '@jobstream/eventlog'],
    ['@jobstream/readmodel', '@jobstream/eventlog'],
    ['@jobstream/eventlog', '@jobstream/api'],
    ['@jobstream/api', '@jobstream/tools'],
    ['@jobstream/testing', '@jobstream/api'],
  ])('a planted dependency of %s on %s is caught', (source, target) => {
    expect(checkProjectGraph(withEdge(source, target))).toEqual([`${source} depends on ${target}`]);
  });

  test.each([[[]], [['npm:private']], [['type:app', 'type:lib']], [['type:other']]])(
    'a package with the tags %j is caught',
    (tags) => {
      const nodes = { ...graph.nodes, '@jobstream/new': { data: { tags } } };
      expect(checkProjectGraph({ ...graph, nodes })).toEqual([
        expect.stringContaining('@jobstream/new needs one of the tags type:app'),
      ]);
    },
  );
});
