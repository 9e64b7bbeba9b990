import { cacheFolder, unpackAptPackage } from '@jobstream/servers';
import { dockerCommand } from './dockerCommand.ts';
import type { ContainerEngine, EngineOptions } from './dockerCommand.ts';
import { NoContainerEngineError } from './dockerCommand.ts';
import { ownEngine } from './ownEngine.ts';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import path from 'node:path';

/** The first Debian release with Compose 2, whose program runs on older ones, too. */
const SUITE = 'trixie';

const IN_PACKAGE = 'usr/libexec/docker/cli-plugins/docker-compose';

/** The engine that answers on this machine, or one of our own: NoContainerEngineError where there can be none. */
export async function containerEngine(options: EngineOptions): Promise<ContainerEngine> {
  const { env, mayInstall } = options;
  if (await answers(env)) return { env: await withCompose(options, env), [Symbol.asyncDispose]: async () => {} };
  if (!mayInstall) throw new NoContainerEngineError('no container engine answers: start Docker and try again');
  const engine = await ownEngine(options);
  return { env: await withCompose(options, engine.env), [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose]() };
}

async function withCompose({ mayInstall, note }: EngineOptions, env: NodeJS.ProcessEnv): Promise<NodeJS.ProcessEnv> {
  const hasCompose = await dockerCommand(['compose', 'version'], env).then(Boolean, () => false);
  return hasCompose || !mayInstall ? env : { ...env, DOCKER_CONFIG: await composePlugin(cacheFolder(env), note) };
}

function answers(env: NodeJS.ProcessEnv): Promise<boolean> {
  return dockerCommand(['version', '--format', '{{.Server.Version}}'], env).then(Boolean, () => false);
}

/** A folder for `DOCKER_CONFIG` in which `docker compose` is there, from Debian's package, without installing it. */
async function composePlugin(cache: string, note: (line: string) => void): Promise<string> {
  const config = path.join(cache, 'docker-config');
  const plugin = path.join(config, 'cli-plugins', 'docker-compose');
  if (existsSync(plugin)) return config;
  note('fetching Compose (once, some seconds)');
  await mkdir(path.dirname(plugin), { recursive: true });
  const scratch = await mkdtemp(path.join(cache, 'fetch-'));
  try {
    await unpackAptPackage('docker-compose', scratch, SUITE);
    await rename(path.join(scratch, IN_PACKAGE), plugin);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return config;
}
