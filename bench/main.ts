import { readCommandLine } from './src/command/readCommandLine.ts';
import { runBench } from './src/command/runBench.ts';
import { installPeers } from './src/installPeers.ts';
import { measure, PARTS } from './src/measure.ts';
import { printReport, writeReport } from './src/report/report.ts';
import { SYSTEM_IDS } from './src/systems/loadSystem.ts';
import { FULL, workloads } from './src/workloads/workloads.ts';

const { values } = readCommandLine({
  command: 'npm run bench',
  summary:
    'Measures the same work on Jobstream and its peers. Writes bench/results/*.json and the tables of\n' +
    'docs/measurements/benchmarks.md; a quick run, and one of some systems, only print their tables. Workloads that are not chosen\n' +
    'keep their figures if they are of the same machine.',
  options: {
    quick: { type: 'boolean', default: false, help: 'Runs one small round.' },
    rounds: { type: 'string', value: 'n', number: 'whole', help: 'The number of rounds; default 3.' },
    part: {
      type: 'string',
      multiple: true,
      value: 'part',
      known: PARTS,
      help: `Runs only this part: ${PARTS.join(', ')}.`,
    },
    workload: {
      type: 'string',
      multiple: true,
      value: 'id',
      known: workloads(FULL).map(({ id }) => id),
      begins: true,
      help: 'Runs only workloads whose id begins like this.',
    },
    system: { type: 'string', multiple: true, value: 'id', known: SYSTEM_IDS, help: 'Measures only this system.' },
    report: { type: 'boolean', default: false, help: 'Writes the tables from the results that are there.' },
  },
  notes: [`Systems: ${SYSTEM_IDS.join(', ')}`],
});

await runBench(async () => {
  const keep = !values.quick && values.system === undefined;
  if (!values.report) await measureAll(keep);
  await (keep ? writeReport() : printReport());
});

async function measureAll(keep: boolean): Promise<void> {
  const { quick, part: parts = PARTS, workload = [''], system = SYSTEM_IDS } = values;
  await installPeers();
  await measure({ quick, parts, workload, system, keep, rounds: Number(values.rounds ?? (quick ? 1 : 3)) });
}
