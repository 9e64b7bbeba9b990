import { freePort } from './freePort.ts';
import { isPortTaken } from './isPortTaken.ts';

const attempts = 5;

/** Launches a server on a free port, and again on another one when somebody took the port in between. */
export async function onFreePort(launch: (port: number) => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await launch(await freePort());
    } catch (error) {
      if (attempt === attempts || !isPortTaken(error)) throw error;
    }
  }
}
