import { startEmbeddedPostgres } from './startEmbeddedPostgres.ts';
import type { TestPostgres } from '../testServers.ts';
import { chosenServers } from '../containers/chosenServers.ts';

/** Starts a Postgres on a free loopback port, whose data is deleted with it; in a container with `TEST_SERVERS=containers`. */
export async function startPostgres(settings: Record<string, string> = {}): Promise<TestPostgres> {
  const containers = chosenServers();
  if (containers === undefined) return startEmbeddedPostgres(settings);
  // Loaded where it is used: what speaks with the engine are a thousand modules.
  const { startPostgresContainer } = await import('../containers/startPostgresContainer.ts');
  return startPostgresContainer(settings, containers);
}
