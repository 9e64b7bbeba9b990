import type { TestProject } from 'vitest/node';
import { guardOfThisProcess } from './guardOfThisProcess.ts';
import { startPostgres } from './servers/startPostgres.ts';
import { resolveNatsServer } from '@jobstream/servers';

/** Fetches nats-server into the cache and starts the shared Postgres, before all test files. */
export default async function globalSetup(project: TestProject): Promise<() => Promise<void>> {
  await resolveNatsServer({ note: (line) => process.stdout.write(`${line}\n`) });
  // The databases of the tests are deleted anyway, so the shared server need not survive a power cut.
  const postgres = await startPostgres({ fsync: 'off', max_connections: '300' });
  project.provide('sharedPostgresUrl', postgres.url);
  return async () => {
    await postgres[Symbol.asyncDispose]();
    await guardOfThisProcess().stop();
  };
}
