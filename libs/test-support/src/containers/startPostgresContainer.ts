import { randomBytes } from 'node:crypto';
import { PostgreSqlContainer } from '@testcontainers/postgresql';
import { PullPolicy } from 'testcontainers';
import { containerLogFile } from './serverContainer.ts';
import { eventually } from '../eventually.ts';
import { queryDatabase } from '../queryDatabase.ts';
import { ServerContainer } from './serverContainer.ts';
import type { TestPostgres } from '../testServers.ts';
import { freePort } from '@jobstream/servers';
import type { ContainerServers } from './chosenServers.ts';

const PORT = 5432;
const timeoutMs = 60_000;

/** Starts a Postgres in a container, on a free loopback port that restarts use again. */
export async function startPostgresContainer(
  settings: Record<string, string>,
  servers: ContainerServers,
): Promise<TestPostgres> {
  const port = await freePort();
  const password = randomBytes(16).toString('hex');
  const started = await new PostgreSqlContainer(servers.postgresImage)
    .withPullPolicy(PullPolicy.neverPull())
    .withDatabase('jobstream')
    .withUsername('jobstream')
    .withPassword(password)
    .withCommand(['postgres', ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])])
    .withExposedPorts({ container: PORT, host: port })
    .start();
  const url = `postgres://jobstream:${password}@127.0.0.1:${port}/jobstream`;
  const answers = () => eventually(() => queryDatabase(url, 'SELECT 1'), { timeoutMs });
  const logFile = containerLogFile(servers.logFolder, 'postgres');
  return testPostgres(await ServerContainer.of(started, { answers, logFile }), url);
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
