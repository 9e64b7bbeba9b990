import { readdirSync, statSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { repositoryRoot, runCommand } from '@jobstream/servers';
import { type ComparedSystem, programText } from './comparedSystem.ts';

/** What `npm install` of a system's packages puts on the disk. */
export interface Footprint {
  readonly packages: number;
  /** Bytes of all files. */
  readonly bytes: number;
  /** Of them, those of the package that a user may replace. */
  readonly replaceableBytes: number;
}

/** A folder as a user has it: the programs of one system, and its packages. */
export interface UserProject {
  readonly system: ComparedSystem;
  readonly folder: string;
  readonly footprint: Footprint;
}

/** Tarballs of the repository's own packages by their names. */
export type Tarballs = Readonly<Record<string, string>>;

const FLAGS = ['--omit=dev', '--no-audit', '--no-fund', '--loglevel=error', '--prefer-offline'];

/** Installs a system's packages into a new folder below `parent` and puts its programs beside them. */
export async function createUserProject(
  system: ComparedSystem,
  parent: string,
  tarballs: Tarballs,
): Promise<UserProject> {
  const folder = path.join(parent, system.id);
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'package.json'), '{ "private": true, "type": "module" }');
  for (const file of system.files) await writeFile(path.join(folder, file), programText(system, file));
  const packages = system.packages.map((name) => tarballs[name] ?? name);
  await runCommand('npm', ['install', ...FLAGS, ...packages], { cwd: folder, timeoutMs: 300_000 });
  return { system, folder, footprint: await footprintOf(folder, system) };
}

async function footprintOf(folder: string, { replaceable }: ComparedSystem): Promise<Footprint> {
  const modules = path.join(folder, 'node_modules');
  const lock = JSON.parse(await readFile(path.join(modules, '.package-lock.json'), 'utf8')) as { packages: object };
  return {
    packages: Object.keys(lock.packages).length,
    bytes: bytesBelow(modules),
    replaceableBytes: replaceable === undefined ? 0 : bytesBelow(path.join(modules, replaceable)),
  };
}

function bytesBelow(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.reduce((sum, { parentPath, name }) => sum + statSync(path.join(parentPath, name)).size, 0);
}

/** Compiles TypeScript files of the project strictly, as a user's editor does; returns the compiler's complaints. */
export async function compilerErrors({ folder }: UserProject, files: readonly string[]): Promise<string> {
  const compilerOptions = {
    module: 'NodeNext',
    target: 'ES2024',
    strict: true,
    noEmit: true,
    allowImportingTsExtensions: true,
    types: ['node'],
    typeRoots: [path.join(repositoryRoot, 'node_modules/@types')],
    skipLibCheck: true,
  };
  await writeFile(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  const compiler = path.join(repositoryRoot, 'node_modules/typescript/bin/tsc');
  return runCommand(process.execPath, [compiler, '--project', 'tsconfig.json'], { cwd: folder }).then(
    () => '',
    (error: unknown) => String(error),
  );
}
