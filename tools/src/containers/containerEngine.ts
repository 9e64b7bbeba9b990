import { cacheFolder } from '@jobstream/servers';
import { composePlugin } from './composePlugin.ts';
import { dockerCommand } from './dockerCommand.ts';
import type { ContainerEngine, EngineOptions } from './engineOptions.ts';
import { NoContainerEngineError } from './noContainerEngineError.ts';
import { ownEngine } from './ownEngine.ts';

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
