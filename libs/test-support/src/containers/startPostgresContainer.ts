import { randomBytes } from 'node:crypto';
import { freePort } from '@jobstream/servers';
import { eventually } from '../eventually.ts';
import { queryDatabase } from '../queryDatabase.ts';
import type { TestPostgres } from '../testServers.ts';
import type { ContainerServers } from './chosenServers.ts';
import type { ServerContainer } from './serverContainer.ts';
import { startContainer } from './startContainer.ts';

const PORT = 5432;
const timeoutMs = 180_000;

/**
 * Starts a Postgres in a container, on a free loopback port that restarts use again.
 *
 * It has no health check: Postgres is process 1 of its container, so it takes a check that the engine kills, because it ran
 * out of time, for a server process that crashed, and restarts all the others.
 */
export async function startPostgresContainer(
  settings: Record<string, string>,
  servers: ContainerServers,
): Promise<TestPostgres> {
  const port = await freePort();
  const password = randomBytes(16).toString('hex');
  const url = `postgres://jobstream:${password}@127.0.0.1:${port}/jobstream`;
  const server = await startContainer({
    image: servers.postgresImage,
    name: 'postgres',
    logFolder: servers.logFolder,
    command: ['postgres', ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    environment: { POSTGRES_DB: 'jobstream', POSTGRES_USER: 'jobstream', POSTGRES_PASSWORD: password },
    ports: { [PORT]: port },
    ready: /database system is ready to accept connections/,
    answers: () => eventually(() => queryDatabase(url, 'SELECT 1'), { timeoutMs }),
  });
  return testPostgres(server, url);
}

function testPostgres(server: ServerContainer, url: string): TestPostgres {
  return {
    url,
    get pid() {
      return server.pid;
    },
    kill: (signal) => server.kill(signal),
    restart: () => server.restart(),
    stop: async () => void (await server.stop()),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
