import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
const attempts = 5;

/**
 * A TCP port of the loopback interface that is free now. It lies below the range from which systems take the ports
 * of outgoing connections: in that range a client that reconnects to a stopped server can connect to itself.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const port = randomInt(20_000, 32_000);
    if (await isPortFree(port)) return port;
  }
  throw new Error('No free TCP port was found between 20000 and 32000.');
}

/** True when a server can listen on this port now. */
export function isPortFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/** Launches a server on a free port, and again on another one when another program took the port in between. */
export async function onFreePort(launch: (port: number) => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await launch(await freePort());
    } catch (error) {
      if (attempt === attempts || !isPortTaken(error)) throw error;
    }
  }
}

/** Whether a server failed to start because another program has its port: how NATS and how Postgres say so. */
export function isPortTaken(error: unknown): boolean {
  return error instanceof Error && /address already in use|could not create listen socket/i.test(error.message);
}
