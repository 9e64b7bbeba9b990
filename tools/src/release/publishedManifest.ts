import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { repositoryRoot } from '@jobstream/servers';
import type { PublishedPackage } from './publishedPackages.ts';

interface Manifest {
  readonly version: string;
  readonly license: string;
  readonly repository: { readonly type: string; readonly url: string };
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: object;
}

/**
 * Returns the package.json of a package as it is published: its version is that of the repository, and `imported` are
 * its dependencies.
 */
export async function publishedManifest(definition: PublishedPackage, imported: readonly string[]) {
  const root = await readManifest('.');
  const { peerDependencies, peerDependenciesMeta } = await readManifest(definition.folder);
  const entry = { types: './dist/index.d.ts', default: './dist/index.js' };
  return {
    name: definition.name,
    version: root.version,
    description: definition.description,
    keywords: definition.keywords,
    license: root.license,
    repository: { ...repositoryOf(root), directory: definition.folder },
    type: 'module',
    sideEffects: definition.sideEffects,
    exports: { '.': entry, ...internalExports(definition) },
    types: entry.types,
    files: ['dist'],
    engines: { node: definition.node },
    dependencies: await dependencyRanges(imported, root.version),
    ...(peerDependencies === undefined ? {} : { peerDependencies, peerDependenciesMeta }),
    publishConfig: { access: 'public', provenance: true },
  };
}

function internalExports({ internalEntries = {} }: PublishedPackage): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.keys(internalEntries).map((name) => [`./${name}`, `./dist/${name}.js`]));
}

/** Provenance demands the address of the repository whose workflow publishes, which may be that of a fork. */
function repositoryOf({ repository }: Manifest): Manifest['repository'] {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: name } = process.env;
  if (server === undefined || name === undefined) return repository;
  return { type: 'git', url: `git+${server}/${name}.git` };
}

/** The version of our own packages is the same; those of others may be newer within their major version. */
async function dependencyRanges(names: readonly string[], version: string): Promise<Readonly<Record<string, string>>> {
  const libraries = await readdir(path.join(repositoryRoot, 'libs'));
  const manifests = await Promise.all(libraries.map((library) => readManifest(path.join('libs', library))));
  const tested: Readonly<Record<string, string>> = Object.assign(
    {},
    ...manifests.map(({ dependencies }) => dependencies),
  );
  return Object.fromEntries(
    names.map((name) => {
      const range = name.startsWith('@jobstream/') ? version : tested[name];
      if (range === undefined) throw new Error(`no library depends on ${name}`);
      return [name, name.startsWith('@jobstream/') ? range : `^${range}`];
    }),
  );
}

/** Reads the package.json of a folder of the repository. */
export async function readManifest(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(path.join(repositoryRoot, folder, 'package.json'), 'utf8')) as Manifest;
}
