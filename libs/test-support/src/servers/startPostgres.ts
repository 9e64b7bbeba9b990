import { startEmbeddedPostgres } from './startEmbeddedPostgres.ts';
import { startPostgresContainer } from '../containers/startPostgresContainer.ts';
import type { TestPostgres } from '../testServers.ts';
import { chosenServers } from '../containers/chosenServers.ts';

/** Starts a Postgres on a free loopback port, whose data is deleted with it; in a container with `TEST_SERVERS=containers`. */
export function startPostgres(settings: Record<string, string> = {}): Promise<TestPostgres> {
  const containers = chosenServers();
  return containers === undefined ? startEmbeddedPostgres(settings) : startPostgresContainer(settings, containers);
}
