import type { FaultKind } from './fault.ts';

/**
 * The disk of the log is full to the last byte, and then there is room again. A stream whose write has failed takes no
 * more until its server starts again (2.15.1), and `/healthz` says so: the restart is what a liveness probe would do.
 */
export const fillDisk: FaultKind = {
  name: 'fill the disk of nats-server',
  needs: 'one server on a small disk, which only root can mount',
  targets: ({ disk }) => (disk === undefined ? [] : ['nats-1']),
  holdMs: (random) => random.int(1_000, 5_000),
  async inject({ disk, nodes }) {
    await disk?.fill();
    return async () => {
      await disk?.free();
      await nodes[0]?.restart();
    };
  },
};
