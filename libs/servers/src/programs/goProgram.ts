import { accessSync, constants, existsSync } from 'node:fs';
import path from 'node:path';
import { keepInCache, cacheFolder } from './cacheFolder.ts';
import { runCommand } from '../process/runCommand.ts';

/** Third-party programs that tests and examples use, with their pinned versions. */
export const goTools = {
  nats: { source: 'github.com/nats-io/natscli/nats', version: '0.5.1' },
  actionlint: { source: 'github.com/rhysd/actionlint/cmd/actionlint', version: '1.7.12' },
  gofakes3: { source: 'github.com/johannesboyne/gofakes3/cmd/gofakes3', version: '1.2.0' },
  kustomize: { source: 'sigs.k8s.io/kustomize/kustomize/v5', version: '5.7.1' },
} as const;

/** A program that Go can build from its module. */
export interface GoProgram {
  readonly name: string;
  /** The path of its package for `go install`. */
  readonly source: string;
  readonly version: string;
}

/** Milliseconds for a build, which waits for those before it: on a busy machine each takes ten minutes. */
const BUILD_TIMEOUT_MS = 45 * 60_000;

/** Builds the program into the cache once and returns its path; undefined if Go is not installed. */
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
  const command = ['go', 'install', '-modcacherw', `${source}@v${version}`];
  const [program = 'go', ...args] = (await oneAtATime(path.dirname(scratch), env)).concat(command);
  await runCommand(program, args, { cwd: scratch, env, timeoutMs: BUILD_TIMEOUT_MS });
  return path.join(scratch, name);
}

/** Two builds at once would compile all that they share twice. Where `flock` is missing they do. */
async function oneAtATime(cache: string, env: NodeJS.ProcessEnv): Promise<string[]> {
  const hasFlock = await runCommand('flock', ['--version'], { env }).then(Boolean, () => false);
  return hasFlock ? ['flock', path.join(cache, 'go.lock')] : [];
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

type GoTool = keyof typeof goTools;

/** The path of the program, or the reason why it is not available. */
type ResolvedGoTool = { readonly binary: string } | { readonly missing: string };

/**
 * Builds one of `goTools` into the cache once, which may take some minutes.
 *
 * @returns its path, or the reason why it is not available.
 * @throws Error when the build fails.
 */
export async function resolveGoTool(name: GoTool, env: NodeJS.ProcessEnv = process.env): Promise<ResolvedGoTool> {
  const { version } = goTools[name];
  const binary = await goProgram({ name, ...goTools[name] }, cacheFolder(env), env);
  return binary === undefined
    ? { missing: `${name} ${version} is built with Go, which is not installed here` }
    : { binary };
}
