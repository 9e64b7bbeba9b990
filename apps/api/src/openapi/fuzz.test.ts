import { expect, test } from 'vitest';
import { fuzzedApi } from '../testing/fuzz/fuzzedApi.ts';
import { fuzzRun } from '../testing/fuzz/fuzzRun.ts';

// `npm run test:fuzz` sends 20,000; FUZZ_SEED sends the same again.
/* oxlint-disable node/no-process-env -- how long a test looks is no setting of the product */
const requests = Number(process.env['FUZZ_REQUESTS'] ?? 500);
const seed = Number(process.env['FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
/* oxlint-enable node/no-process-env */

const PROJECT_EVERY = 500;
/** Caches and compiled code have come to their size by then. */
const WARM_UP = 0.25;
const MAX_GROWTH_BYTES = 48 * 1_024 * 1_024;
const MIB = 1_024 * 1_024;

test(
  `${requests} requests made from the document with seed ${seed} are all answered, as documented and within memory`,
  { timeout: 120_000 + requests * 200 },
  async () => {
    await using api = await fuzzedApi();
    const memory: NodeJS.MemoryUsage[] = [];
    const onProgress = async (sent: number) => {
      if (sent % PROJECT_EVERY === 0) await api.project();
      if (memory.length === 0 && sent >= requests * WARM_UP) memory.push(await api.memory());
    };
    const tally = await fuzzRun({ url: api.url, requests, seed, onProgress });
    memory.push(await api.memory());
    process.stdout.write(`seed ${seed}: ${describeRun(tally, memory)}\n`);
    const [warm, end] = memory;
    expect((end?.rss ?? 0) - (warm?.rss ?? 0)).toBeLessThan(MAX_GROWTH_BYTES);
    expect((end?.heapUsed ?? 0) - (warm?.heapUsed ?? 0)).toBeLessThan(MAX_GROWTH_BYTES);
    // Not all are turned away at the door.
    expect(tally.get(200) ?? 0).toBeGreaterThan(requests / 20);
  },
);

function describeRun(tally: ReadonlyMap<number, number>, memory: readonly NodeJS.MemoryUsage[]): string {
  const counts = [...tally].toSorted(([left], [right]) => left - right).map(([status, count]) => `${status}: ${count}`);
  const sizes = memory.map(({ rss, heapUsed }) => `${Math.round(rss / MIB)} (heap ${Math.round(heapUsed / MIB)})`);
  return `${counts.join(', ')}; MiB of memory warm → at the end: ${sizes.join(' → ')}`;
}
