import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { UsageError } from '@jobstream/runtime';
import { repositoryRoot, runCommand } from '@jobstream/servers';

/** One at a time: with its packages it is a gigabyte. */
const FOLDER = path.join(repositoryRoot, '.data/cache/ab');
const TREE = path.join(FOLDER, 'tree');
const MARK = path.join(FOLDER, 'commit');

/** What a commit is called: its full id. @throws UsageError when there is no such commit. */
export async function commitOf(name: string): Promise<string> {
  const named = ['rev-parse', '--verify', '--quiet', `${name}^{commit}`];
  const id = await runCommand('git', named, { cwd: repositoryRoot }).catch(() => undefined);
  if (id === undefined) throw new UsageError(`there is no commit ${name}`);
  return id.trim();
}

/** Writes the files of a commit and installs its packages; returns the folder. What is there of an earlier run is used again. */
export async function checkOutCommit(commit: string): Promise<string> {
  if ((await readFile(MARK, 'utf8').catch(() => '')) === commit) return TREE;
  await rm(FOLDER, { recursive: true, force: true });
  await mkdir(TREE, { recursive: true });
  const archive = path.join(FOLDER, 'files.tar');
  await runCommand('git', ['archive', '--output', archive, commit], { cwd: repositoryRoot });
  await runCommand('tar', ['-xf', archive, '-C', TREE]);
  await rm(archive);
  const install = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
  await runCommand('npm', install, { cwd: TREE, timeoutMs: 600_000 });
  await writeFile(MARK, commit);
  return TREE;
}
