import { type HandrunBench, numbersOf } from '../handrun/handrunBench.ts';
import { installPeers } from '../installPeers.ts';
import { machineFacts } from '../machine.ts';
import { writeSections } from '../report/writeSections.ts';
import { type DurableRun, durableRun } from './durableRun.ts';
import { dbosVersion, durableSections, lineOf } from './durableSections.ts';
import { DURABLE_IDS } from './loadDurable.ts';

const CONCURRENCY = 50;
const ROUND_TRIPS = 200;
const BURSTS = 20;
/** Writes the page. */
const PAGE = 'page';

export const durable: HandrunBench = {
  name: 'durable',
  summary:
    'Jobs of three steps, and jobs that wait for a signal, beside DBOS, both with every write synced: jobs a second, processor time, ' +
    `and how long a signal takes; with "${PAGE}" as the last argument it writes docs/measurements/durable-execution.md.`,
  parameters: `[jobs = 3000] [rounds = 3] [${PAGE}]`,
  async run(args) {
    const [jobs, rounds] = numbersOf(
      args.filter((arg) => arg !== PAGE),
      3_000,
      3,
    );
    await installPeers();
    const sizes = { jobs, roundTrips: ROUND_TRIPS, bursts: BURSTS, concurrency: CONCURRENCY };
    const runs: DurableRun[] = [];
    // Rounds go through all systems, so that what disturbs the machine disturbs all.
    for (let round = 1; round <= rounds; round += 1)
      for (const id of DURABLE_IDS) {
        const run = await durableRun(id, sizes);
        runs.push(run);
        console.log(`round ${round} · ${lineOf(run)}`);
      }
    const sections = durableSections(
      runs,
      { ...sizes, rounds },
      { ...(await machineFacts()), dbos: await dbosVersion() },
    );
    for (const text of Object.values(sections)) console.log(`\n${text}`);
    if (args.includes(PAGE)) await writeSections('durable-execution.md', sections);
  },
};
