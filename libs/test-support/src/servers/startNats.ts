import { startEmbeddedNats } from './startEmbeddedNats.ts';
import { startNatsContainer } from '../containers/startNatsContainer.ts';
import type { StartNatsOptions, TestNats } from '../testServers.ts';
import { chosenServers } from '../containers/chosenServers.ts';

/**
 * Starts a nats-server with JetStream for one test, on a free loopback port and by default with a data folder that is
 * deleted with it. Runs in a container with `TEST_SERVERS=containers`, except if `options.binary` is given.
 */
export function startNats(options: StartNatsOptions = {}): Promise<TestNats> {
  const containers = chosenServers();
  if (containers === undefined || options.binary !== undefined) return startEmbeddedNats(options);
  return startNatsContainer(options, containers);
}
