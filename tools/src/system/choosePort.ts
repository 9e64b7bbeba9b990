import { freePort, isPortFree, isPortTaken } from '@jobstream/servers';

/** The port that the user named is taken by another program. */
export class PortTakenError extends Error {
  readonly code = 'PORT_TAKEN';
}

export interface PortWish {
  /** The server that uses the port, for the line that reports another port. */
  name: string;
  /** The usual port; 0 for any. */
  usual: number;
  /** The port that the user named, which is taken or refused but never replaced. */
  explicit?: string | undefined;
  host?: string;
  /** Finds a port instead of the usual one; default any that is free. */
  instead?: (taken: number) => Promise<number>;
  say: (line: string) => void;
}

const LAUNCHES = 5;

/** Returns the usual port or, when that is taken, a free one; rejects when the user named a port that is taken. */
export async function choosePort({
  name,
  usual,
  explicit,
  host,
  instead = () => freePort(),
  say,
}: PortWish): Promise<number> {
  const wished = explicit ? Number(explicit) : usual;
  if (wished === 0) return freePort();
  if (await isPortFree(wished, host)) return wished;
  if (explicit)
    throw new PortTakenError(`PORT=${explicit} is taken by another program: choose another one or leave it out.`);
  const port = await instead(wished);
  say(`port ${wished} is taken, ${name} listens on ${port}`);
  return port;
}

/** Launches a server on its usual port or a free one; again if another program took the port between look and launch. */
export async function onUsualPort<Server>(wish: PortWish, launch: (port: number) => Promise<Server>): Promise<Server> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await launch(await choosePort(wish));
    } catch (error) {
      if (attempt === LAUNCHES || !isPortTaken(error)) throw error;
    }
  }
}
