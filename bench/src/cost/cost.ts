import { type HandrunBench, numbersOf } from '../handrun/handrunBench.ts';
import { installPeers } from '../installPeers.ts';
import { machineFacts } from '../machine.ts';
import { writeSections } from '../report/writeSections.ts';
import { type CostRun, costRun } from './costRun.ts';
import { costSections, lineOf } from './costSections.ts';

const SYSTEMS = ['jobstream-table', 'start', 'bullmq', 'pg-boss', 'graphile-worker'];
/** Writes the page. */
const PAGE = 'page';

export const cost: HandrunBench = {
  name: 'cost',
  summary:
    'What a job costs at 500 a second, with table and as npm start runs it, beside peers, all with every write synced: processor time of all processes, bytes written, ' +
    `kept and sent, and memory; with "${PAGE}" as the last argument it writes docs/measurements/cost.md.`,
  parameters: `[jobs = 10000] [rounds = 3] [${PAGE}]`,
  async run(args) {
    const [jobs, rounds] = numbersOf(
      args.filter((arg) => arg !== PAGE),
      10_000,
      3,
    );
    await installPeers();
    const runs: CostRun[] = [];
    // Rounds go through all systems, so that what disturbs the machine disturbs all.
    for (let round = 1; round <= rounds; round += 1)
      for (const id of SYSTEMS) {
        const run = await costRun(id, jobs);
        runs.push(run);
        console.log(`round ${round} · ${lineOf(run)}`);
      }
    const sections = costSections(runs, rounds, await machineFacts());
    for (const text of Object.values(sections)) console.log(`\n${text}`);
    if (args.includes(PAGE)) await writeSections('cost.md', sections);
  },
};
