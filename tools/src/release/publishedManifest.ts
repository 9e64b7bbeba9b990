import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { repositoryRoot } from '@jobstream/servers';
import type { BundledPrograms } from './bundlePrograms.ts';
import { nodeFloors } from './nodeFloors.ts';
import { isLibrary, type PublishedPackage } from './publishedPackages.ts';

interface Manifest {
  readonly version: string;
  readonly license: string;
  readonly repository: { readonly type: string; readonly url: string };
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: object;
}

/**
 * Returns the package.json of a package as it is published: its version is that of the repository, and `imported` are
 * its dependencies.
 */
export async function publishedManifest(definition: PublishedPackage, imported: readonly string[]) {
  const root = await readManifest('.');
  const own = await readManifest(definition.folder);
  const { peerDependencies, peerDependenciesMeta, optionalDependencies } = own;
  return {
    name: definition.name,
    version: root.version,
    description: definition.description,
    keywords: definition.keywords,
    license: root.license,
    repository: { ...repositoryOf(root), directory: definition.folder },
    type: 'module',
    sideEffects: definition.sideEffects,
    ...entrancesOf(definition),
    engines: { node: `>=${nodeFloors[definition.name]}` },
    // What bundled programs need beside them stands in their own package.json; no import says it.
    dependencies: definition.bundled
      ? { ...own.dependencies }
      : await dependencyRanges(definition, imported, root.version),
    ...(optionalDependencies === undefined ? {} : { optionalDependencies }),
    ...(peerDependencies === undefined ? {} : { peerDependencies, peerDependenciesMeta }),
    publishConfig: { access: 'public', provenance: true },
  };
}

function internalExports({ internalEntries = {} }: PublishedPackage): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.keys(internalEntries).map((name) => [`./${name}`, `./dist/${name}.js`]));
}

/** How the package is entered: by an import, by a command, or by the files of its programs. */
function entrancesOf(definition: PublishedPackage) {
  const { commands, bundled } = definition;
  const library = { types: './dist/index.d.ts', default: './dist/index.js' };
  if (isLibrary(definition)) {
    return { exports: { '.': library, ...internalExports(definition) }, types: library.types, files: ['dist'] };
  }
  const exported = { './package.json': './package.json' };
  if (bundled !== undefined) return { exports: exported, files: topFolders(bundled) };
  const bin = Object.keys(commands ?? {}).map((name) => [name, `dist/${name}.cjs`]);
  return { exports: exported, bin: Object.fromEntries(bin) as Record<string, string>, files: ['dist'] };
}

function topFolders({ programs, assets }: BundledPrograms): readonly string[] {
  return [...new Set(['chunks', ...[...programs, ...assets].map((file) => file.split('/')[0] ?? '')])].toSorted();
}

/** Provenance demands the address of the repository whose workflow publishes, which may be that of a fork. */
function repositoryOf({ repository }: Manifest): Manifest['repository'] {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: name } = process.env;
  if (server === undefined || name === undefined) return repository;
  return { type: 'git', url: `git+${server}/${name}.git` };
}

/** The version of our own packages is the same; those of others may be newer within their major version. */
async function dependencyRanges(
  { folder }: PublishedPackage,
  names: readonly string[],
  version: string,
): Promise<Readonly<Record<string, string>>> {
  const libraries = (await readdir(path.join(repositoryRoot, 'libs'))).map((library) => path.join('libs', library));
  const manifests = await Promise.all([...libraries, folder].map(readManifest));
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
