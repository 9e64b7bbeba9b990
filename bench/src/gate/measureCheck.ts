import { inScratchFolder } from '../inScratchFolder.ts';
import { spread } from '../measure/median.ts';
import type { GateCheck, GatePair } from './gateCheck.ts';
import type { Micros } from './measurable.ts';

/** What a check came to, in µs of processor time an operation, and ours as a multiple of the bare one. */
export interface Measured {
  readonly ours: Micros;
  readonly bare: Micros;
  readonly ratio: number;
}

interface Pair {
  readonly ours: Micros;
  readonly bare: Micros;
}

const WARM_UP = 4;
const ROUNDS = 20;

/**
 * Ours and the bare one in turn, on fresh servers, in rounds so short that both see the machine in the same mood. The
 * ratio is the median of those of the pairs.
 */
export function measureCheck(check: GateCheck): Promise<Measured> {
  return inScratchFolder(async (folder) => {
    const opened = await check.open(folder);
    try {
      return compared(await roundsOf(opened), check.counts);
    } finally {
      await opened.stop();
    }
  });
}

async function roundsOf(opened: GatePair): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (let round = 0; round < WARM_UP + ROUNDS; round += 1)
    pairs.push({ ours: await opened.ours.round(), bare: await opened.bare.round() });
  return pairs.slice(WARM_UP);
}

function compared(pairs: readonly Pair[], counts: GateCheck['counts']): Measured {
  const counted = ({ process, server }: Micros) => (counts === 'both' ? process + server : process);
  return {
    ours: middle(pairs.map(({ ours }) => ours)),
    bare: middle(pairs.map(({ bare }) => bare)),
    ratio: median(pairs.map(({ ours, bare }) => counted(ours) / counted(bare))),
  };
}

function middle(rounds: readonly Micros[]): Micros {
  return { process: median(rounds.map((round) => round.process)), server: median(rounds.map(({ server }) => server)) };
}

function median(values: readonly number[]): number {
  return spread(values).median;
}
