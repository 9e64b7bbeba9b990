import { startEmbeddedNats } from './startEmbeddedNats.ts';
import { startNatsContainer } from '../containers/startNatsContainer.ts';
import type { StartNatsOptions, TestNats } from '../testServers.ts';
import { chosenServers } from '../containers/chosenServers.ts';

/**
 * Starts a nats-server with JetStream on a free loopback port, unless told otherwise in a fresh folder that goes with
 * it: in a container where the run asks for that, but never another program than the project's own.
 */
export function startNats(options: StartNatsOptions = {}): Promise<TestNats> {
  const containers = chosenServers();
  if (containers === undefined || options.binary !== undefined) return startEmbeddedNats(options);
  return startNatsContainer(options, containers);
}
