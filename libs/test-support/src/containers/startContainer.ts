import { GenericContainer, PullPolicy, Wait } from 'testcontainers';
import type { StartedNetwork } from 'testcontainers';
import { containerLogFile } from './serverContainer.ts';
import { ServerContainer } from './serverContainer.ts';

export interface ContainerWishes {
  readonly image: string;
  /** Its name in file names and in its network. */
  readonly name: string;
  readonly logFolder: string;
  readonly network?: StartedNetwork;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Ports of this machine by port of the container; they stay the same over restarts. */
  readonly ports?: Readonly<Record<number, number>>;
  /** Contents of files by their path in the container. */
  readonly files?: Readonly<Record<string, string>>;
  /** A folder of this machine that is mounted in the container, for an account. */
  readonly folder?: { readonly source: string; readonly target: string; readonly user: string };
  /** The log line that it writes when it is ready; it must also pass `answers`. */
  readonly ready: RegExp;
  readonly answers?: () => Promise<unknown>;
}

/** Starts a container of a local image and waits until it is ready. */
export async function startContainer(wishes: ContainerWishes): Promise<ServerContainer> {
  const { image, name, logFolder, command = [], environment = {}, ports = {}, files = {}, ready } = wishes;
  const container = new GenericContainer(image)
    .withPullPolicy(PullPolicy.neverPull())
    .withEnvironment({ ...environment })
    .withExposedPorts(...Object.entries(ports).map(([inside, host]) => ({ container: Number(inside), host })))
    .withCopyContentToContainer(Object.entries(files).map(([target, content]) => ({ target, content })))
    .withWaitStrategy(Wait.forLogMessage(ready));
  if (command.length > 0) container.withCommand([...command]);
  if (wishes.network !== undefined) container.withNetwork(wishes.network).withNetworkAliases(name);
  if (wishes.folder !== undefined) container.withBindMounts([wishes.folder]).withUser(wishes.folder.user);
  const logFile = containerLogFile(logFolder, name);
  return ServerContainer.of(await container.start(), { answers: wishes.answers ?? (async () => {}), logFile });
}
