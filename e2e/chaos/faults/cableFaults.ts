import type { TcpProxy } from '@jobstream/testing';
import { ACK_WAIT_MS } from '../stage/createApps.ts';
import type { Stage } from '../stage/stage.ts';
import type { FaultKind } from './fault.ts';

function cableOf({ cables }: Stage, worker: string): TcpProxy {
  const cable = cables.get(worker);
  if (cable === undefined) throw new Error(`${worker} has no cable`);
  return cable;
}

function cableFault(name: string, breakIt: (cable: TcpProxy) => void | Promise<void>): FaultKind {
  return {
    name,
    needs: 'one server, with a cable of its own to each worker',
    targets: ({ cables }) => [...cables.keys()],
    holdMs: (random) => random.int(ACK_WAIT_MS / 2, 3 * ACK_WAIT_MS),
    async inject(stage, target) {
      const cable = cableOf(stage, target);
      await breakIt(cable);
      return () => cable.heal();
    },
  };
}

/** The connection between a worker and the log is reset, and there is no new one. */
export const cutCable = cableFault('cut worker off', (cable) => cable.cut());

/** The worker's words arrive and no answer comes back: it cannot know what was stored. */
export const deafenWorker = cableFault('deafen worker', (cable) => cable.pauseDownstream());

/** The worker hears the log, and nothing that it says arrives until much later. */
export const muteWorker = cableFault('mute worker', (cable) => cable.pauseUpstream());
