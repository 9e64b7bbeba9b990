import { JobstreamClient } from '@jobstream/client';
import { startSystem } from '@jobstream/test-support';
import { Client } from 'pg';
import { startPostgres } from '../servers/startPostgres.ts';
import { startRedis } from '../servers/startRedis.ts';
import type { ApiAnswer, ComparedServers } from './comparedServers.ts';
import { serveInngest } from './serveInngest.ts';

const TYPE = 'thumbnail';

/** Starts the servers of a system on an empty folder; undefined where they cannot be had. */
export async function serveSystem(id: string, folder: string): Promise<ComparedServers | undefined> {
  return servers[id]?.(folder);
}

const servers: Readonly<Record<string, (folder: string) => Promise<ComparedServers | undefined>>> = {
  jobstream: serveJobstream,
  bullmq: serveRedis,
  'pg-boss': (folder) => servePostgres(folder, pgBossResults),
  'graphile-worker': (folder) => servePostgres(folder, loggedResults),
  inngest: serveInngest,
};

async function serveJobstream(folder: string): Promise<ComparedServers> {
  const system = await startSystem(folder);
  const { jobs } = new JobstreamClient({ url: system.api });
  return {
    env: { NATS_URL: system.nats, API_URL: system.api },
    results: async () => (await jobs.listPage({ type: TYPE, status: 'completed' })).items.map(({ result }) => result),
    postWrongPayload: () => postWrongPayload(system.api),
    stop: async () => {
      await system.stop();
    },
  };
}

async function postWrongPayload(api: string): Promise<ApiAnswer> {
  const body = JSON.stringify({ type: TYPE, payload: { url: 'https://example.com/cat.jpg', width: 'wide' } });
  const response = await fetch(`${api}/api/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  const { errors = [] } = (await response.json()) as { errors?: readonly { pointer: string }[] };
  return { status: response.status, pointers: errors.map(({ pointer }) => pointer) };
}

async function serveRedis(folder: string): Promise<ComparedServers> {
  const { Queue } = await import('bullmq'); // installed by `installPeers`, not with the repository
  const redis = await startRedis(folder, 'default');
  const queue = new Queue(TYPE, { connection: { url: redis.address } });
  return {
    env: { REDIS_URL: redis.address },
    results: async () => (await queue.getCompleted()).map(({ returnvalue }) => returnvalue as unknown),
    async stop() {
      await queue.close();
      await redis.stop();
    },
  };
}

type ReadResults = (client: Client, output: string) => Promise<readonly unknown[]>;

async function pgBossResults(client: Client): Promise<readonly unknown[]> {
  const sql = `SELECT output FROM pgboss.job WHERE name = '${TYPE}' AND state = 'completed'`;
  return (await client.query<{ output: unknown }>(sql)).rows.map(({ output }) => output);
}

/** The jobs of Graphile Worker have no result: the program logs it. */
function loggedResults(_client: Client, output: string): Promise<readonly unknown[]> {
  const lines = [...output.matchAll(/INFO: (\d+) bytes/g)];
  return Promise.resolve(lines.map(([, bytes]) => ({ bytes: Number(bytes) })));
}

async function servePostgres(folder: string, read: ReadResults): Promise<ComparedServers> {
  const postgres = await startPostgres(folder);
  const client = new Client({ connectionString: postgres.address });
  await client.connect();
  return {
    env: { DATABASE_URL: postgres.address },
    results: (output) => read(client, output),
    async stop() {
      await client.end();
      await postgres.stop();
    },
  };
}
