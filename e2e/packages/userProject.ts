import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { runCommand } from '@jobstream/servers';
import type { RunningSystem } from '@jobstream/test-support';
import type { PackedPackage } from '@jobstream/tools';
import { runProgram } from '../harness/runProgram.ts';

/** Runs something in an empty folder outside the repository, where a user's project would be. */
export async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'jobstream-language-'));
  try {
    await run(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What is installed into a folder. */
interface Project {
  /** A folder whose files are copied. */
  readonly fixtures: string;
  readonly packages: readonly PackedPackage[];
  /** Names and versions of other packages. */
  readonly others: readonly string[];
}

/** Makes a folder a user's project: with files, the packed packages, and others from the registry. */
export async function installInto(folder: string, { fixtures, packages, others }: Project): Promise<void> {
  await cp(fixtures, folder, { recursive: true });
  await writeFile(path.join(folder, 'package.json'), '{ "private": true, "type": "module" }');
  const flags = ['--no-audit', '--no-fund', '--loglevel=error', '--prefer-offline'];
  const tarballs = packages.map(({ tarball }) => tarball);
  await runCommand('npm', ['install', ...flags, ...tarballs, ...others], { cwd: folder, timeoutMs: 300_000 });
}

/** What a user's process has: none of the settings of this one. */
export function environmentOf(system: RunningSystem): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', NATS_URL: system.nats, API: system.api };
}

/** Runs a program to its end and returns what it wrote; throws when it fails. `env` replaces its environment. */
export async function succeeds(
  program: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: Record<string, string> },
): Promise<string> {
  const { code, output } = await runProgram(program, args, options);
  if (code !== 0) throw new Error(`it ended with ${code}:\n${output.trim().split('\n').slice(-40).join('\n')}`);
  return output;
}
