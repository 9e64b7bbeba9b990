import type { TestProject } from 'vitest/node';
import { guardOfThisProcess } from './guardOfThisProcess.ts';
import { buildPrograms } from './programs/buildPrograms.ts';
import { startPostgres } from './servers/startPostgres.ts';
import { resolveNatsServer } from '@jobstream/servers';

/**
 * Fetches nats-server into the cache, bundles the apps and starts the shared Postgres, before all test files; with
 * `TEST_SETUP=none` nothing, which is for runs of tests that start all they need.
 */
export default async function globalSetup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  if (process.env['TEST_SETUP'] === 'none') return undefined;
  project.provide('natsServer', await resolveNatsServer({ note: (line) => process.stdout.write(`${line}\n`) }));
  // The databases of the tests are deleted anyway, so the shared server need not survive a power cut.
  const [postgres, programs] = await Promise.all([
    startPostgres({ fsync: 'off', max_connections: '300' }),
    buildPrograms(),
  ]);
  project.provide('sharedPostgresUrl', postgres.url);
  project.provide('builtPrograms', programs);
  return async () => {
    await postgres[Symbol.asyncDispose]();
    await guardOfThisProcess().stop();
  };
}
