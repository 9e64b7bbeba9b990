import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';

export interface SourceFile {
  /** From the root of the repository, with slashes. */
  readonly path: string;
  readonly text: string;
}

export interface Manifest {
  /** The package's folder, e.g. `libs/domain`; empty for the root. */
  readonly folder: string;
  readonly name: string;
  readonly dependencies: readonly string[];
  readonly devDependencies: readonly string[];
}

/** All that the house rules look at. */
export interface Workspace {
  readonly files: readonly SourceFile[];
  readonly manifests: readonly Manifest[];
}

const SOURCES = ['{apps,libs}/*/**/*.{ts,mts,js,mjs}', '{tools,e2e,bench}/**/*.{ts,mts,js,mjs}'];
const MANIFESTS = [
  'package.json',
  'tools/images/package.json',
  '{apps,libs}/*/package.json',
  '{tools,e2e,bench}/package.json',
];
const NOT_OURS = new Set(['node_modules', 'dist', '.data']);

/** Reads every source file and every package.json of the repository at `root`. */
export function readWorkspace(root: string): Workspace {
  const find = (patterns: string[]) =>
    globSync(patterns, { cwd: root, exclude: (name) => NOT_OURS.has(path.basename(name)) }).toSorted();
  const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
  return {
    files: find(SOURCES).map((file) => ({ path: file, text: read(file) })),
    manifests: find(MANIFESTS).map((file) => manifestOf(file, read(file))),
  };
}

function manifestOf(file: string, text: string): Manifest {
  const json = JSON.parse(text) as Record<string, object | undefined> & { name: string };
  const names = (key: string) => Object.keys(json[key] ?? {});
  const folder = path.dirname(file);
  return {
    folder: folder === '.' ? '' : folder,
    name: json.name,
    dependencies: names('dependencies'),
    devDependencies: names('devDependencies'),
  };
}
