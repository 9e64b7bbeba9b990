import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { cacheFolder, ServerProcess, waitUntilReady } from '@jobstream/servers';
import { dockerCommand } from './dockerCommand.ts';
import type { ContainerEngine, EngineOptions } from './dockerCommand.ts';
import { installPackages } from './installPackages.ts';
import { NoContainerEngineError } from './dockerCommand.ts';

const startMs = 60_000;

/**
 * An engine of our own, from Debian's package, with its images in the cache folder, beside whatever else runs on this
 * machine. One that answers on our socket belongs to another run: it is used and left running.
 */
export async function ownEngine({ env: outer, guard, note }: EngineOptions): Promise<ContainerEngine> {
  const folder = path.join(cacheFolder(outer), 'docker');
  const env = { ...outer, DOCKER_HOST: `unix://${path.join(folder, 'docker.sock')}` };
  if (await answers(env)) return { env, [Symbol.asyncDispose]: async () => {} };
  await installPackages('dockerd', ['docker.io'], { env: outer, note });
  await mkdir(folder, { recursive: true });
  const server = new ServerProcess(guard);
  await server.launch(command(folder, outer));
  const ready = await waitUntilReady({ probe: () => answered(env), alive: () => server.running, timeoutMs: startMs });
  if (!ready) {
    const tail = server.logTail();
    await server.stop();
    throw new NoContainerEngineError(`dockerd did not start: ${tail}`);
  }
  await removeLeftovers(env);
  return { env, [Symbol.asyncDispose]: () => server.stop() };
}

function command(folder: string, env: NodeJS.ProcessEnv) {
  const at = (name: string) => path.join(folder, name);
  const args = ['--host', `unix://${at('docker.sock')}`, '--data-root', at('data'), '--exec-root', at('exec')];
  return {
    name: 'dockerd',
    command: 'dockerd',
    // Published ports are for this machine alone.
    args: [...args, '--pidfile', at('docker.pid'), '--ip', '127.0.0.1', '--log-level', 'warn'],
    env: { ...env, PATH: `${env['PATH']}:/usr/sbin:/sbin` },
    stopSignal: 'SIGTERM' as const,
    // It stops its containers first, which have twenty seconds each: killed before, it would leave them running for ever.
    graceMs: 60_000,
    logFile: at('dockerd.log'),
    pidFile: at('jobstream.pid'),
  };
}

/** Removes what a killed run left: this engine has just started, and restarts the containers of that run's services. */
async function removeLeftovers(env: NodeJS.ProcessEnv): Promise<void> {
  const listed = async (...words: string[]) => (await dockerCommand(words, env)).split('\n').filter(Boolean);
  const containers = await listed('ps', '--all', '--quiet');
  if (containers.length > 0) await dockerCommand(['rm', '--force', '--volumes', ...containers], env);
  const volumes = await listed('volume', 'ls', '--quiet');
  if (volumes.length > 0) await dockerCommand(['volume', 'rm', '--force', ...volumes], env);
  await dockerCommand(['network', 'prune', '--force'], env);
}

function answers(env: NodeJS.ProcessEnv): Promise<boolean> {
  return answered(env).then(
    () => true,
    () => false,
  );
}

async function answered(env: NodeJS.ProcessEnv): Promise<void> {
  await dockerCommand(['version', '--format', '{{.Server.Version}}'], env);
}
