import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
const attempts = 5;

/**
 * Finds a free TCP port on the loopback interface, below the range of ephemeral ports: within that range a client that
 * reconnects to a stopped server can connect to itself. On Linux no other caller on this machine is given the port for
 * as long as this process runs, so that a server may take seconds until it listens.
 *
 * @throws Error if no free port was found.
 */
export async function freePort({ from = 20_000, to = 32_000 } = {}): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const port = randomInt(from, to);
    if ((await claimPort(port)) && (await isPortFree(port))) return port;
  }
  throw new Error(`No free TCP port was found between ${from} and ${to}.`);
}

/** Returns false if a process has claimed the port. The claim is a socket without a file, which ends with its process. */
function claimPort(port: number): Promise<boolean> {
  if (process.platform !== 'linux') return Promise.resolve(true);
  return new Promise((resolve) => {
    const claim = createServer();
    claim.once('error', () => resolve(false));
    claim.listen({ path: `\0jobstream-port-${port}`, exclusive: true }, () => resolve(true)).unref();
  });
}

/**
 * Finds the first free TCP port after this one.
 *
 * @throws Error if the next hundred are taken.
 */
export async function nextFreePort(taken: number): Promise<number> {
  for (let port = taken + 1; port <= Math.min(taken + 100, 65_535); port += 1) if (await isPortFree(port)) return port;
  throw new Error(`No free TCP port was found after ${taken}.`);
}

/** Returns whether a server can listen on this port now. */
export function isPortFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/** Launches a server on a free port, and retries on another port if another program took it in the meantime. */
export async function onFreePort(launch: (port: number) => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await launch(await freePort());
    } catch (error) {
      if (attempt === attempts || !isPortTaken(error)) throw error;
    }
  }
}

/** Returns whether a start of NATS or Postgres failed because another program uses the port. */
export function isPortTaken(error: unknown): boolean {
  return error instanceof Error && /address already in use|could not create listen socket/i.test(error.message);
}
