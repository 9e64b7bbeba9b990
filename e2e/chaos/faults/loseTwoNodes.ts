import type { TestNats } from '@jobstream/test-support';
import type { Stage } from '../stage/stage.ts';
import type { FaultKind } from './fault.ts';

const SEPARATOR = ' and ';

const nameOf = (index: number) => `nats-${index + 1}`;

/** The pairs of a cluster of three. */
function pairs({ nodes }: Stage): readonly string[] {
  if (nodes.length !== 3) return [];
  return nodes.map((_, index) => [nameOf(index), nameOf((index + 1) % nodes.length)].join(SEPARATOR));
}

function nodesOf({ nodes }: Stage, target: string): readonly TestNats[] {
  const names = target.split(SEPARATOR);
  return nodes.filter((_, index) => names.includes(nameOf(index)));
}

/**
 * Two of three servers go at once and come back together: meanwhile there is no majority, and nothing is stored. A server has
 * been reported to refuse writes for good afterwards (nats-server#8519), which the recovery after the fault would show.
 */
function loseTwo(name: string, lose: (node: TestNats) => Promise<void>): FaultKind {
  return {
    name,
    needs: 'a cluster of three servers',
    targets: pairs,
    holdMs: (random) => random.int(0, 3_000),
    async inject(stage, target) {
      const lost = nodesOf(stage, target);
      await Promise.all(lost.map(lose));
      return () => Promise.all(lost.map((node) => node.restart())).then(() => undefined);
    },
  };
}

/** kill -9 of two of three servers. */
export const killTwoNodes = loseTwo('kill two of three nats-servers', (node) => node.kill());

/** An orderly end of two of three servers, as a careless rollout brings it. */
export const stopTwoNodes = loseTwo('restart two of three nats-servers', (node) => node.stop());
