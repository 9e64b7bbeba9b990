import { Restarter } from '@jobstream/servers';

/** A server that a system uses: its own, kept running, or one that the user named. */
export interface KeptServer {
  readonly url: string;
  stop(): Promise<void>;
}

interface EmbeddedServer {
  readonly url: string;
  onUnexpectedExit: (how: string) => void;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts an embedded server, and starts it again whenever it ends by itself. */
export async function keepServer(
  name: string,
  server: EmbeddedServer,
  say: (line: string) => void,
): Promise<KeptServer> {
  const restarter = new Restarter(name, () => server.start(), say);
  server.onUnexpectedExit = (how) => restarter.ended(how);
  await server.start();
  return {
    url: server.url,
    stop() {
      restarter.stop();
      return server.stop();
    },
  };
}

/** A server that is not ours to stop. */
export function foreignServer(url: string): KeptServer {
  return { url, stop: () => Promise.resolve() };
}
