import type { TestNats } from '@jobstream/testing';
import type { Stage } from '../stage/stage.ts';
import type { FaultKind } from './fault.ts';

const names = ({ nodes }: Stage) => nodes.map((_, index) => `nats-${index + 1}`);

function nodeNamed({ nodes }: Stage, name: string): TestNats {
  const node = nodes[Number(name.split('-')[1]) - 1];
  if (node === undefined) throw new Error(`there is no ${name}`);
  return node;
}

/** kill -9 of a nats-server, the only one or any one of a cluster, which comes back after a while. */
export const killNode: FaultKind = {
  name: 'kill nats-server',
  targets: names,
  holdMs: (random) => random.int(0, 4_000),
  async inject(stage, target) {
    await nodeNamed(stage, target).kill();
    return () => nodeNamed(stage, target).restart();
  },
};

/** SIGSTOP of a nats-server: connections stay open and nothing is answered. */
export const freezeNode: FaultKind = {
  name: 'freeze nats-server',
  targets: names,
  holdMs: (random) => random.int(500, 7_000),
  async inject(stage, target) {
    await nodeNamed(stage, target).pause();
    return () => nodeNamed(stage, target).resume();
  },
};
