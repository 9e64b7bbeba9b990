import type { TestProject } from 'vitest/node';
import { guardOfThisProcess } from './guardOfThisProcess.ts';
import { startPostgres } from './servers/startPostgres.ts';
import { resolveNatsServer } from '@jobstream/servers';

/** Before all test files: nats-server is in the cache and one Postgres for all of them runs. */
export default async function globalSetup(project: TestProject): Promise<() => Promise<void>> {
  await resolveNatsServer({ note: (line) => process.stdout.write(`${line}\n`) });
  // The databases of the tests are thrown away: what the shared server loses in a power cut, nobody misses.
  const postgres = await startPostgres({ fsync: 'off', max_connections: '300' });
  project.provide('sharedPostgresUrl', postgres.url);
  return async () => {
    await postgres[Symbol.asyncDispose]();
    await guardOfThisProcess().stop();
  };
}
