import { randomBytes } from 'node:crypto';
import { type ContainerServers, freePort, type ServerContainer } from '@jobstream/test-support';
import { Network } from 'testcontainers';
import { databaseUrl, systemContainers, type SystemContainers } from './systemContainers.ts';
import type { Part, TestSystem } from './testSystem.ts';

/** In this order they start, and in reverse they stop. */
const PARTS = ['nats', 'postgres', 'worker', 'projector', 'api'] as const;

/** The system in containers of our three images, with a network of its own and one NATS user for each service. */
export async function containerSystem(
  env: Readonly<Record<string, string>>,
  servers: ContainerServers,
): Promise<TestSystem> {
  const network = await new Network().start();
  const ports = { api: await freePort(), nats: await freePort(), postgres: await freePort() };
  const password = `p${randomBytes(16).toString('hex')}`;
  const containers = systemContainers({ env, servers, network, ports, password });
  const running = new Map<Part, ServerContainer>();
  const key = await startAll(containers, running).catch(async (error: unknown) => {
    await removeAll(running);
    await network.stop();
    throw error;
  });
  return {
    api: `http://127.0.0.1:${ports.api}`,
    postgres: databaseUrl({ ports, password }),
    nats: {
      servers: `nats://127.0.0.1:${ports.nats}`,
      user: 'operator',
      pass: password,
      inboxPrefix: '_INBOX_operator',
    },
    key,
    kill: (part, signal = 'SIGKILL') => kill(runningPart(running, part), signal),
    start: () => startAgain(containers, running),
    stop: () => stopAll(running),
    async loseDatabase() {
      await runningPart(running, 'postgres')[Symbol.asyncDispose]();
      running.delete('postgres');
    },
    async [Symbol.asyncDispose]() {
      await stopAll(running);
      await removeAll(running);
      await network.stop();
    },
  };
}

/** Resolves to a key for the API. */
async function startAll(containers: SystemContainers, running: Map<Part, ServerContainer>): Promise<string> {
  for (const part of PARTS) {
    running.set(part, await containers.start(part));
    if (part === 'postgres') await containers.migrate();
  }
  const words = ['create', '--name', 'test', '--scopes', 'admin'];
  return (await runningPart(running, 'api').run(['/usr/local/bin/node', 'keys.mjs', ...words])).trim();
}

/** A database that was lost begins anew, and needs its tables. */
async function startAgain(containers: SystemContainers, running: Map<Part, ServerContainer>): Promise<void> {
  for (const part of PARTS) {
    const container = running.get(part);
    if (container === undefined) running.set(part, await containers.start(part));
    else await container.restart();
    if (part === 'postgres') await containers.migrate();
  }
}

async function kill(container: ServerContainer, signal: 'SIGKILL' | 'SIGSTOP'): Promise<void> {
  await container.kill(signal);
  // As an orchestrator does, and the engine with a process that ends by itself.
  if (signal === 'SIGKILL') await container.restart();
}

async function stopAll(running: ReadonlyMap<Part, ServerContainer>): Promise<boolean> {
  const codes: (number | undefined)[] = [];
  for (const part of PARTS.toReversed()) codes.push(await running.get(part)?.stop());
  return codes.every((code) => code === 0 || code === undefined);
}

async function removeAll(running: ReadonlyMap<Part, ServerContainer>): Promise<void> {
  for (const container of running.values()) await container[Symbol.asyncDispose]();
}

function runningPart(running: ReadonlyMap<Part, ServerContainer>, part: Part): ServerContainer {
  const container = running.get(part);
  if (container === undefined) throw new Error(`there is no ${part}`);
  return container;
}
