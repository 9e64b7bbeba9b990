import { startEmbeddedNats } from './startEmbeddedNats.ts';
import type { StartNatsOptions, TestNats } from '../testServers.ts';
import { chosenServers } from '../containers/chosenServers.ts';

/**
 * Starts a nats-server with JetStream for one test, on a free loopback port and by default with a data folder that is
 * deleted with it. Runs in a container with `TEST_SERVERS=containers`, except if `options.binary` is given.
 */
export async function startNats(options: StartNatsOptions = {}): Promise<TestNats> {
  const containers = chosenServers();
  if (containers === undefined || options.binary !== undefined) return startEmbeddedNats(options);
  // Loaded where it is used: what speaks with the engine are a thousand modules.
  const { startNatsContainer } = await import('../containers/startNatsContainer.ts');
  return startNatsContainer(options, containers);
}
