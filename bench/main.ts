/**
 * The same work on Jobstream and its peers: `npm run bench [-- --quick] [--workload <start of an id>] [--system <id>…]`.
 * Writes bench/results/peers.json and the tables of docs/benchmarks.md.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { installPeers } from './src/installPeers.ts';
import { comparePeers, type Comparison } from './src/comparePeers.ts';
import { machineFacts } from './src/machineFacts.ts';
import { peersSection } from './src/report/peersSection.ts';
import { replaceSection } from './src/report/replaceSection.ts';
import { FULL, QUICK } from './src/workloads/workloads.ts';

const RESULTS = path.join(import.meta.dirname, 'results');
const PAGE = path.join(import.meta.dirname, '../docs/benchmarks.md');

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    workload: { type: 'string', default: '' },
    system: { type: 'string', multiple: true, default: [] },
    report: { type: 'boolean', default: false },
  },
});
const file = path.join(RESULTS, values.quick ? 'peers-quick.json' : 'peers.json');
if (!values.report) {
  await installPeers();
  const comparison = await comparePeers({
    sizes: values.quick ? QUICK : FULL,
    rounds: Number(values.rounds ?? (values.quick ? 1 : 3)),
    only: values.workload,
    systems: values.system,
    say: (line) => console.log(line),
  });
  await mkdir(RESULTS, { recursive: true });
  await writeFile(file, `${JSON.stringify({ ...(await machineFacts()), ...comparison }, undefined, 1)}\n`);
}
const results = JSON.parse(await readFile(file, 'utf8')) as Comparison & Awaited<ReturnType<typeof machineFacts>>;
const section = peersSection(results);
if (values.quick) console.log(section);
else await writeFile(PAGE, replaceSection(await readFile(PAGE, 'utf8'), 'peers', section));
process.exit(0);
