import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { repositoryRoot } from '@jobstream/servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkBudget } from './checkBudget.ts';
import { checkContents } from './checkContents.ts';
import { checkResolution } from './checkResolution.ts';
import { packPackage, type PackedPackage } from './packPackage.ts';
import { buildPackage } from './buildPackage.ts';
import { isLibrary, publishedPackages, type PublishedPackage } from './publishedPackages.ts';

const client = publishedPackages.find(({ name }) => name === '@jobstream/client') as PublishedPackage;
let staging: string;
let packed: PackedPackage;

beforeAll(async () => {
  staging = await mkdtemp(path.join(os.tmpdir(), 'jobstream-packages-'));
  packed = await packPackage(await buildPackage(client, staging), staging);
});

afterAll(() => rm(staging, { recursive: true, force: true }));

async function manifestOf(file: string) {
  const text = await readFile(path.join(repositoryRoot, file), 'utf8');
  return JSON.parse(text) as {
    readonly version: string;
    readonly dependencies?: Readonly<Record<string, string>>;
    readonly devDependencies?: Readonly<Record<string, string>>;
    readonly optionalDependencies?: Readonly<Record<string, string>>;
  };
}

test('the tarball of the client has its code, its types and nothing else', () => {
  expect(packed.files.toSorted()).toEqual([
    'LICENSE',
    'README.md',
    'dist/index.d.ts',
    'dist/index.js',
    'dist/index.js.map',
    'package.json',
  ]);
});

test('the published package.json has the version of the repository and no other entrance', async () => {
  const { version } = await manifestOf('package.json');
  const manifest = JSON.parse(await readFile(path.join(packed.folder, 'package.json'), 'utf8')) as object;
  expect(manifest).toMatchObject({
    name: '@jobstream/client',
    version,
    exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' } },
    dependencies: {},
    publishConfig: { access: 'public', provenance: true },
  });
  expect(manifest).not.toHaveProperty('private');
  expect(manifest).not.toHaveProperty('devDependencies');
});

test('the example app depends on the packages in the version of the repository', async () => {
  const { version } = await manifestOf('package.json');
  const { dependencies, devDependencies } = await manifestOf('examples/app/package.json');
  const own = publishedPackages.filter(isLibrary).map(({ name }) => [name, version]);
  expect({ ...dependencies, ...devDependencies }).toMatchObject(Object.fromEntries(own));
});

test.for([
  ['clients/python/pyproject.toml', (version: string) => `\nversion = "${version}"\n`],
  ['examples/go/go.mod', (version: string) => `jobstream/clients/go v${version}\n`],
] as const)('%s has the version of the repository', async ([file, line]) => {
  const { version } = await manifestOf('package.json');
  expect(await readFile(path.join(repositoryRoot, file), 'utf8')).toContain(line(version));
});

test('the server package declares what its programs find at run time, in the versions that are tested', async () => {
  const lock = await readFile(path.join(repositoryRoot, 'package-lock.json'), 'utf8');
  const { packages } = JSON.parse(lock) as { packages: Record<string, { version?: string }> };
  const { dependencies, optionalDependencies } = await manifestOf('tools/server/package.json');
  const tested = ([name]: [string, string]) => [name, packages[`node_modules/${name}`]?.version];
  const declared = { ...dependencies, ...optionalDependencies };
  expect(declared).toEqual(Object.fromEntries(Object.entries(declared).map(tested)));
});

test('the map of the code has its sources, named by their paths in the repository', async () => {
  const text = await readFile(path.join(packed.folder, 'dist/index.js.map'), 'utf8');
  const map = JSON.parse(text) as { sources: string[]; sourcesContent: string[] };
  expect(map.sources).toContain('jobstream:///libs/client/src/jobstreamClient.ts');
  expect(map.sourcesContent.join('\n')).toContain('export class JobstreamClient');
});

test('the built client passes publint and Are The Types Wrong', async () => {
  expect(await checkResolution(packed)).toEqual([]);
});

describe('a release is refused', () => {
  const installation = { packages: ['@jobstream/client'], bytes: 1 };

  test('when the tarball has a file that users do not need, or lacks one that they do', async () => {
    const files = [...packed.files.filter((file) => file !== 'LICENSE'), 'src/index.test.ts'];
    expect(await checkContents({ ...packed, files })).toEqual([
      'src/index.test.ts does not belong into the package',
      'LICENSE is missing',
    ]);
  });

  test('when declarations have types of packages whose own do not compile strictly', async () => {
    const file = path.join(packed.folder, 'dist/planted.d.ts');
    await writeFile(
      file,
      "import type * as Schema from 'effect/Schema';\nexport type Nats = import('@nats-io/nats-core').Msg;\n",
    );
    expect(await checkContents({ ...packed, files: [...packed.files, 'dist/planted.d.ts'] })).toEqual([
      'dist/planted.d.ts has types of effect',
      'dist/planted.d.ts has types of @nats-io',
    ]);
  });

  test('when it is larger than its budget', () => {
    expect(checkBudget(packed, { installation, bundle: { esbuild: 15_000, vite: 15_001 } })).toEqual([
      'a bundle by vite: 15001 bytes, at most 15000 are allowed',
    ]);
    const crowded = { packages: ['@jobstream/client', 'left-pad'], bytes: 370_001 };
    expect(checkBudget(packed, { installation: crowded, bundle: undefined })).toEqual([
      'it and its dependencies: 370001 bytes, at most 370000 are allowed',
      '2 packages are installed, at most 1 may be: @jobstream/client, left-pad',
    ]);
  });
});
