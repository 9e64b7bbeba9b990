import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { plantTree, removeTree, root } from './plantedTree.ts';

const run = promisify(execFile);

interface Cruised {
  readonly summary: {
    readonly violations: readonly { readonly from: string; readonly rule: { readonly name: string } }[];
  };
}

/** What dependency-cruiser finds in a tree with planted files, under the repository's rules; in the repository `npm run imports` looks. */
async function cruise(folder: string): Promise<Cruised['summary']> {
  const binary = path.join(root, 'node_modules', '.bin', 'depcruise');
  const words = [binary, '--config', '.dependency-cruiser.mjs', '--output-type', 'json'];
  const places = ['apps', 'libs', 'tools', 'e2e', 'bench/src'];
  const { stdout } = await run(process.execPath, [...words, ...places], { cwd: folder, maxBuffer: 2 ** 28 });
  return (JSON.parse(stdout) as Cruised).summary;
}

const rooms = JSON.parse(readFileSync(path.join(import.meta.dirname, 'rooms.json'), 'utf8')) as Record<
  string,
  string[]
>;

test.each(Object.entries(rooms))('every room of %s has its place in the order of the rooms', (source, names) => {
  const files = globSync('**/*.{ts,tsx}', { cwd: path.join(root, source) }).filter(
    (file) => !file.endsWith('.test.ts'),
  );
  const folders = new Set(files.map((file) => path.dirname(file)).filter((folder) => folder !== '.'));
  expect([...folders].toSorted()).toEqual(names.toSorted());
});

const forbidden = [
  ['an app imports another app', 'apps/api/src/a1.ts', '../../worker/src/x.ts', 'layer-apps'],
  ['the test of an app imports another app', 'apps/api/src/a2.test.ts', '../../worker/src/x.ts', 'layer-apps-tests'],
  ['an app reaches into another by path', 'apps/api/src/a3.ts', '../../worker/src/x.ts', 'through-the-index'],
  [
    'the worker imports the read model',
    'apps/worker/src/a4.ts',
    '@jobstream/readmodel',
    'layer-worker-without-read-model',
  ],
  ['an app imports Postgres', 'apps/api/src/a5.ts', 'pg', 'owner-of-postgres'],
  ['an app imports NATS', 'apps/projector/src/a6.ts', '@nats-io/jetstream', 'owner-of-nats'],
  ['the test of an app imports NATS', 'apps/api/src/a7.test.ts', '@nats-io/transport-node', 'owner-of-nats'],
  ['the log imports Postgres', 'libs/eventlog/src/a8.ts', 'pg', 'owner-of-postgres'],
  ['the tools run migrations themselves', 'tools/src/a9.ts', 'node-pg-migrate', 'owner-of-migrations'],
  ['the read model imports the log', 'libs/readmodel/src/b1.ts', '@jobstream/eventlog', 'layer-libraries'],
  ['the domain imports another library', 'libs/domain/src/b2.ts', '@jobstream/runtime', 'layer-domain'],
  ['the domain imports the platform', 'libs/domain/src/b3.ts', 'node:fs', 'domain-is-pure'],
  ['the domain imports a package', 'libs/domain/src/b4.ts', 'pino', 'domain-is-pure'],
  ['the client imports a package', 'libs/client/src/c5.ts', 'effect', 'client-needs-nothing'],
  ['the product imports test support', 'libs/eventlog/src/b5.ts', '@jobstream/test-support', 'layer-libraries'],
  ['the product imports the tools', 'apps/api/src/b6.ts', '@jobstream/tools', 'layer-apps'],
  ['a library imports an app', 'libs/eventlog/src/b7.ts', '../../../apps/worker/src/x.ts', 'layer-libraries'],
  ['a package is entered by a side door', 'apps/api/src/b8.ts', '@jobstream/domain/src/x.ts', 'resolvable'],
  ['a package is not declared', 'apps/projector/src/b9.ts', 'express', 'declared-dependency'],
  [
    'a test declares what the product uses',
    'apps/api/src/c1.ts',
    'fast-check',
    'no-development-dependency-in-the-product',
  ],
  ['a module does not exist', 'e2e/c2.test.ts', './nowhere.ts', 'resolvable'],
  ['a file has a name that says nothing', 'apps/api/src/c6.ts', './utils.ts', 'named-after-its-content'],
  ['a folder has a name that says nothing', 'tools/src/c7.ts', './shared/thing.ts', 'named-after-its-content'],
  ['a folder has an index', 'apps/api/src/c8.ts', './jobs/index.ts', 'one-index-a-package'],
  ['the worker library imports the runtime', 'libs/worker/src/e2.ts', '@jobstream/runtime', 'layer-worker-library'],
  ['a room imports one above it', 'libs/eventlog/src/append/c9.ts', '../queue/x.ts', 'rooms-have-one-direction'],
  ['the gate of speed needs a peer', 'bench/src/gate/e3.ts', 'bullmq', 'runs-without-peers'],
  ['a file imports itself over another', 'apps/api/src/c3.ts', './c4.ts', 'no-cycles'],
] as const;

const allowed = [
  ['apps/api/src/d1.ts', '@jobstream/readmodel'],
  ['apps/worker/src/d2.ts', '@jobstream/eventlog'],
  ['apps/api/src/d3.test.ts', '@jobstream/test-support'],
  ['apps/worker/testing/d4.ts', '@jobstream/test-support'],
  ['libs/readmodel/src/d5.ts', 'pg'],
  ['libs/eventlog/src/d6.ts', '@nats-io/jetstream'],
  ['tools/src/d7.ts', 'pg'],
  ['libs/domain/src/d8.ts', 'effect/Schema'],
  ['libs/domain/src/d9.test.ts', 'fast-check'],
  ['apps/api/src/e1.ts', 'node:fs'],
] as const;

const importing = (name: string) => `import { planted } from '${name}';\nexport const x = planted;\n`;

describe('a planted import', () => {
  let tree: string;
  let found: ReadonlyMap<string, readonly string[]>;

  beforeAll(async () => {
    const files = [
      ...forbidden.map(([, file, name]) => [file, importing(name)]),
      ...allowed.map(([file, name]) => [file, importing(name)]),
    ];
    tree = await plantTree({
      ...Object.fromEntries(files),
      'apps/worker/src/x.ts': 'export const planted = 1;\n',
      'libs/domain/src/x.ts': 'export const planted = 1;\n',
      'apps/api/src/c4.ts': "import type { x } from './c3.ts';\nexport const planted: typeof x = 1;\n",
      'libs/eventlog/src/queue/x.ts': 'export const planted = 1;\n',
      'apps/api/src/utils.ts': 'export const planted = 1;\n',
      'tools/src/shared/thing.ts': 'export const planted = 1;\n',
      'apps/api/src/jobs/index.ts': 'export const planted = 1;\n',
      'apps/api/src/barrel.ts': "export { planted } from './utils.ts';\n",
      'apps/api/src/usingDeclaration.ts':
        "export async function f() {\n  await using x = (await import('pg')).y();\n}\n",
    });
    const { violations } = await cruise(tree);
    const byFile = Object.entries(Object.groupBy(violations, ({ from }) => from));
    found = new Map(byFile.map(([file, all = []]) => [file, all.map(({ rule }) => rule.name)]));
  });
  afterAll(() => removeTree(tree));

  test.each(forbidden)('is found when %s', (_case, file, _name, rule) => {
    expect(found.get(file)).toContain(rule);
  });

  test('is found when a file that is no index passes on what another exports', () => {
    expect(found.get('apps/api/src/barrel.ts')).toContain('no-re-exports');
  });

  test('is found in the initializer of a using declaration', () => {
    expect(found.get('apps/api/src/usingDeclaration.ts')).toContain('owner-of-postgres');
  });

  test.each(allowed)('is allowed in %s for %s', (file) => {
    expect(found.get(file)).toBeUndefined();
  });
});
