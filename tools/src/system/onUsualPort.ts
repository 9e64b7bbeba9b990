import { choosePort } from './choosePort.ts';
import type { PortWish } from './choosePort.ts';
import { isPortTaken } from '@jobstream/servers';

/** Launches a server on its usual port or a free one; once more if somebody took the port between look and launch. */
export async function onUsualPort<Server>(wish: PortWish, launch: (port: number) => Promise<Server>): Promise<Server> {
  try {
    return await launch(await choosePort(wish));
  } catch (error) {
    if (!isPortTaken(error)) throw error;
    return launch(await choosePort(wish));
  }
}
