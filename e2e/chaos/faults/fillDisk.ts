import type { FaultKind } from './fault.ts';

/** The disk of the log is full to the last byte, and then there is room again. */
export const fillDisk: FaultKind = {
  name: 'fill the disk of nats-server',
  targets: ({ disk }) => (disk === undefined ? [] : ['nats-1']),
  holdMs: (random) => random.int(1_000, 5_000),
  async inject({ disk }) {
    await disk?.fill();
    return async () => disk?.free();
  },
};
