import { statfs } from 'node:fs/promises';
import os from 'node:os';
import { machineFacts, type MachineFacts } from '../machine.ts';
import { readResults, saveResults } from '../results.ts';
import { GROWTH_PARTS, type GrowthPart, type GrowthPoint, measurePoint } from './growthParts.ts';
import { type LogPoint, measureLog } from './measureLog.ts';
import { type ServicesCost, measureServices } from './measureServices.ts';

export interface Growth extends MachineFacts {
  readonly rounds: number;
  /** Where the servers had their files. */
  readonly store: 'memory' | 'disk';
  readonly parts: Readonly<Record<string, readonly GrowthPoint[]>>;
  readonly log: readonly LogPoint[];
  readonly services?: ServicesCost;
}

export interface GrowthOptions {
  /** Ids; all when empty. `log` is how many jobs the log holds, `services` what the API and the projector cost. */
  readonly parts: readonly string[];
  readonly rounds: number;
  readonly logSizes: readonly number[];
  /** With a few jobs, to see that it works. */
  readonly quick: boolean;
}

/** Of `GrowthOptions.parts`. */
export const GROWTH_PART_IDS: readonly string[] = [...GROWTH_PARTS.map(({ id }) => id), 'log', 'services'];

const TMPFS = 0x01_02_19_94;
const QUICK_SHARE = 0.02;

/** Each part is kept as soon as it is measured. */
export async function measureGrowth({ parts, rounds, logSizes, quick }: GrowthOptions): Promise<void> {
  const store = (await statfs(os.tmpdir())).type === TMPFS ? 'memory' : 'disk';
  const facts = { ...(await machineFacts()), rounds, store } as const;
  const share = quick ? QUICK_SHARE : 1;
  const keep = async (measured: (before: Growth) => Partial<Growth>) => {
    const before = (await readResults<Growth>('growth', quick)) ?? { ...facts, parts: {}, log: [] };
    await saveResults('growth', quick, { ...before, ...facts, ...measured(before) });
  };
  const chosen = (id: string) => parts.length === 0 || parts.includes(id);
  for (const part of GROWTH_PARTS.filter(({ id }) => chosen(id))) {
    const points = await measurePart(part, rounds, share);
    await keep((before) => ({ parts: { ...before.parts, [part.id]: points } }));
  }
  const log = chosen('log') ? await measureLog(logSizes, share) : undefined;
  if (log !== undefined) await keep(() => ({ log }));
  const services = chosen('services') ? await measureServices(share) : undefined;
  if (services !== undefined) await keep(() => ({ services }));
}

/** All sizes in turn, round after round; of each size the round in which a job took the least processor time. */
async function measurePart(part: GrowthPart, rounds: number, share: number): Promise<GrowthPoint[]> {
  const best = new Map<number, GrowthPoint>();
  for (let round = 1; round <= rounds; round += 1)
    for (const size of part.sizes) {
      const point = await measurePoint(part, size, share);
      const known = best.get(size);
      if (known === undefined || micros(point) < micros(known)) best.set(size, point);
      console.log(
        `${part.id} ${size}, round ${round}: ${micros(point).toFixed(0)} µs, ${point.jobsPerSecond.toFixed(0)} jobs/s`,
      );
    }
  return part.sizes.flatMap((size) => best.get(size) ?? []);
}

function micros({ serverMicros, workerMicros }: GrowthPoint): number {
  return serverMicros + workerMicros;
}
