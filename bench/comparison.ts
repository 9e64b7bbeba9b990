import { readCommandLine } from './src/command/readCommandLine.ts';
import { runBench } from './src/command/runBench.ts';
import { compareSystems } from './src/comparison/compareSystems.ts';
import { comparedSystems } from './src/comparison/comparedSystem.ts';
import { writeComparisonPage } from './src/comparison/comparisonPage.ts';
import { installPeers } from './src/installPeers.ts';
import { saveResults } from './src/results.ts';

const { values } = readCommandLine({
  command: 'npm run bench:comparison',
  summary:
    'Runs the programs of examples/comparison on real servers, measures what their packages cost, and writes\n' +
    'bench/results/comparison.json and the tables of docs/comparison.md.',
  options: {
    rounds: {
      type: 'string',
      default: '15',
      value: 'n',
      number: 'whole',
      help: 'How often imports are measured; default 15.',
    },
    system: {
      type: 'string',
      multiple: true,
      value: 'id',
      known: comparedSystems.map(({ id }) => id),
      help: 'Tries only this system, and writes nothing.',
    },
    report: { type: 'boolean', default: false, help: 'Writes the page from the results that are there.' },
  },
  notes: ['INNGEST_SERVER is the path of the inngest command; without it the programs for Inngest are only compiled.'],
});

await runBench(async () => {
  if (!values.report) await compareChosen();
  if (values.system === undefined) await writeComparisonPage();
});

async function compareChosen(): Promise<void> {
  await installPeers();
  const chosen = comparedSystems.filter(({ id }) => values.system?.includes(id) ?? true);
  const results = await compareSystems(chosen, { rounds: Number(values.rounds), say: (line) => console.log(line) });
  if (values.system === undefined) await saveResults('comparison', false, results);
}
