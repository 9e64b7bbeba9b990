import { accessSync, constants, existsSync } from 'node:fs';
import path from 'node:path';
import { keepInCache } from './keepInCache.ts';
import { runCommand } from '../process/runCommand.ts';

/** A program that Go can build from its module. */
export interface GoProgram {
  readonly name: string;
  /** The path of its package, as `go install` takes it. */
  readonly source: string;
  readonly version: string;
}

const tenMinutes = 600_000;

/** The path of the program in the cache, built with the Go toolchain of this machine; undefined where there is none. */
export async function goProgram(
  program: GoProgram,
  cache: string,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const name = `${program.name}-${program.version}`;
  const kept = path.join(cache, 'bin', name);
  if (existsSync(kept)) return kept;
  const hasGo = await runCommand('go', ['version'], { env }).then(Boolean, () => false);
  if (!hasGo) return undefined;
  return keepInCache(
    cache,
    async () => name,
    (scratch) => build(scratch, program, { ...env, ...writableGoFolders(cache, env), GOBIN: scratch }),
  );
}

async function build(scratch: string, { name, source, version }: GoProgram, env: NodeJS.ProcessEnv): Promise<string> {
  // -modcacherw: without it Go's module folders are read-only and `rm -rf` of the cache fails.
  const args = ['install', '-modcacherw', `${source}@v${version}`];
  await runCommand('go', args, { cwd: scratch, env, timeoutMs: tenMinutes });
  return path.join(scratch, name);
}

function writableGoFolders(cache: string, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  if (isWritable(env['HOME'])) return {};
  const folders = { GOPATH: path.join(cache, 'go'), GOCACHE: path.join(cache, 'go-build') };
  return { ...folders, GOENV: 'off' };
}

function isWritable(folder: string | undefined): boolean {
  try {
    accessSync(folder ?? '', constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
