import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { keepInCache } from './keepInCache.ts';
import { runCommand } from './runCommand.ts';

const tenMinutes = 600_000;

/** Builds nats-server with the Go toolchain of this machine; undefined where there is none. */
export async function goNatsServer(
  cache: string,
  env: NodeJS.ProcessEnv,
  version = '2.15.1',
): Promise<string | undefined> {
  const hasGo = await runCommand('go', ['version'], { env }).then(Boolean, () => false);
  if (!hasGo) return undefined;
  return keepInCache(
    cache,
    async () => `nats-server-${version}`,
    (scratch) => build(scratch, version, { ...env, ...writableGoFolders(cache, env), GOBIN: scratch }),
  );
}

async function build(scratch: string, version: string, env: NodeJS.ProcessEnv): Promise<string> {
  const source = `github.com/nats-io/nats-server/v2@v${version}`;
  // -modcacherw: without it Go's module folders are read-only and `rm -rf` of the cache fails.
  await runCommand('go', ['install', '-modcacherw', source], { cwd: scratch, env, timeoutMs: tenMinutes });
  return path.join(scratch, 'nats-server');
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
