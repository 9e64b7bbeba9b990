import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { applyMutant } from './mutationOperators.ts';
import type { Mutant } from './mutationOperators.ts';

const run = promisify(execFile);

/** A copy of the repository's files in which mutants are planted, so that the working tree is never touched. */
export class MutantWorkspace implements AsyncDisposable {
  readonly folder: string;
  // Tests that are being killed may still write.
  readonly #remove = () => rmSync(this.folder, { recursive: true, force: true, maxRetries: 10 });

  private constructor(folder: string) {
    this.folder = folder;
    process.once('exit', this.#remove); // after Ctrl-C nothing else removes it
  }

  /** Copies all files that Git knows or does not ignore from `root`; packages are linked. */
  static async create(root: string, parent: string): Promise<MutantWorkspace> {
    await mkdir(parent, { recursive: true });
    const workspace = new MutantWorkspace(await mkdtemp(path.join(parent, 'mutants-')));
    const { folder } = workspace;
    const { stdout } = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
      cwd: root,
      maxBuffer: 64 * 1_024 * 1_024,
    });
    for (const file of stdout.split('\0').filter((name) => name !== '')) {
      await mkdir(path.join(folder, path.dirname(file)), { recursive: true });
      await copyFile(path.join(root, file), path.join(folder, file)).catch(ignoreMissing); // deleted, not committed
    }
    for (const parts of [['.'], ...(await workspaces(root))]) await linkPackages(root, folder, path.join(...parts));
    return workspace;
  }

  read(file: string): Promise<string> {
    return readFile(path.join(this.folder, file), 'utf8');
  }

  /** Plants mutants of different files while `work` runs. */
  async with<Result>(mutants: readonly Mutant[], work: () => Promise<Result>): Promise<Result> {
    const mutated = await Promise.all(
      mutants.map(async (mutant) => [mutant.file, applyMutant(await this.read(mutant.file), mutant)] as const),
    );
    return this.withTexts(new Map(mutated), work);
  }

  /** Gives files other texts while `work` runs. */
  async withTexts<Result>(texts: ReadonlyMap<string, string>, work: () => Promise<Result>): Promise<Result> {
    const sources = new Map<string, string>();
    for (const file of texts.keys()) sources.set(file, await this.read(file));
    await this.#write(texts);
    try {
      return await work();
    } finally {
      await this.#write(sources);
    }
  }

  async #write(texts: ReadonlyMap<string, string>): Promise<void> {
    for (const [file, text] of texts) await writeFile(path.join(this.folder, file), text);
  }

  /** Returns the files in which the type check of a package finds mistakes, as it is now. */
  async filesWithMistakes(packageFolder: string): Promise<ReadonlySet<string>> {
    const config = path.join(this.folder, 'tsconfig.mutants.json');
    // The rest of the repository would take ten times as long, and no mutant changes a declared type.
    const settings = { incremental: true, tsBuildInfoFile: `${config}.buildinfo` };
    const content = {
      extends: './tsconfig.json',
      compilerOptions: settings,
      include: [`${packageFolder}/src/**/*.ts`],
    };
    await writeFile(config, JSON.stringify(content));
    const compiler = path.join('node_modules', 'typescript', 'bin', 'tsc');
    const output = await run(process.execPath, [compiler, '-p', config, '--pretty', 'false'], {
      cwd: this.folder,
    }).then(
      () => '',
      ({ stdout }: { stdout: string }) => stdout || 'the compiler(0,0)',
    );
    return new Set([...output.matchAll(/^(\S.*)\(\d+,\d+\)/gm)].map(([, file = '']) => file));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.off('exit', this.#remove);
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function workspaces(root: string): Promise<string[][]> {
  const parents = await Promise.all(
    ['apps', 'libs'].map(async (parent) => (await readdir(path.join(root, parent))).map((name) => [parent, name])),
  );
  return [...parents.flat(), ['tools'], ['tools', 'images'], ['e2e']];
}

/** Links the installed packages, but those of this repository to their copies. */
async function linkPackages(root: string, folder: string, workspace: string): Promise<void> {
  const [from, to] = [root, folder].map((base) => path.join(base, workspace, 'node_modules')) as [string, string];
  const entries = await readdir(from).catch(() => []);
  if (entries.length === 0) return;
  await mkdir(path.join(to, '@jobstream'), { recursive: true });
  for (const entry of entries) {
    if (entry !== '@jobstream') await symlink(path.join(from, entry), path.join(to, entry));
  }
  for (const own of await readdir(path.join(from, '@jobstream')).catch(() => [])) {
    await symlink(await readlink(path.join(from, '@jobstream', own)), path.join(to, '@jobstream', own));
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
