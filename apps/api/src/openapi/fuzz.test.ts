import { eventually } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { fuzzRun } from '../../testing/fuzz/fuzzRun.ts';
import { fuzzedApi } from '../../testing/fuzz/fuzzedApi.ts';

// `npm run test:fuzz` sends 20,000; FUZZ_SEED sends the same again.
/* oxlint-disable node/no-process-env -- how long a test looks is no setting of the product */
const requests = Number(process.env['FUZZ_REQUESTS'] ?? 500);
const seed = Number(process.env['FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
/* oxlint-enable node/no-process-env */

const PROJECT_EVERY = 500;
/** Caches and compiled code have come to their size by then. */
const WARM_UP = 0.25;
const MIB = 1_024 * 1_024;
const MAX_GROWTH_BYTES = 64 * MIB;
/** What is in use must not grow. The allocator keeps pages that were in use at some moment, so RSS only has a bound. */
const MAX_RSS_BYTES = 512 * MIB;

test(
  `${requests} requests made from the document with seed ${seed} are all answered, as documented and within memory`,
  { timeout: 600_000 + requests * 200 },
  async () => {
    await using api = await fuzzedApi();
    const memory: NodeJS.MemoryUsage[] = [];
    const onProgress = async (sent: number) => {
      if (sent % PROJECT_EVERY === 0) await api.project();
      if (memory.length === 0 && sent >= requests * WARM_UP) memory.push(await api.memory());
    };
    const tally = await fuzzRun({ url: api.url, requests, seed, onProgress });
    const [warm] = memory;
    await eventually(async () => {
      memory.push(await api.memory());
      expect(heldBy(memory.at(-1))).toBeLessThan(heldBy(warm) + MAX_GROWTH_BYTES);
      expect(memory.at(-1)?.rss).toBeLessThan(MAX_RSS_BYTES);
    }).finally(() => process.stdout.write(`seed ${seed}: ${describeRun(tally, memory)}\n`));
    // Not all are turned away at the door.
    expect(tally.get(200) ?? 0).toBeGreaterThan(requests / 20);
  },
);

function heldBy(memory: NodeJS.MemoryUsage | undefined): number {
  return (memory?.heapUsed ?? 0) + (memory?.external ?? 0);
}

function describeRun(tally: ReadonlyMap<number, number>, memory: readonly NodeJS.MemoryUsage[]): string {
  const counts = [...tally].toSorted(([left], [right]) => left - right).map(([status, count]) => `${status}: ${count}`);
  const sizes = [...memory.slice(0, 2), ...memory.slice(-1)].map((one) => {
    return `${Math.round(one.rss / MIB)} (in use ${Math.round(heldBy(one) / MIB)})`;
  });
  return `${counts.join(', ')}; MiB of memory warm → at the end → returned: ${sizes.join(' → ')}`;
}
