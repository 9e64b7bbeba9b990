import { readCommandLine } from './src/command/readCommandLine.ts';
import { runBench } from './src/command/runBench.ts';
import { GROWTH_PART_IDS, measureGrowth } from './src/growth/measureGrowth.ts';
import { printCapacity, writeCapacityPage } from './src/growth/writeCapacityPage.ts';

const { values } = readCommandLine({
  command: 'npm run bench:growth',
  summary:
    'Measures how the cost of a job grows. Writes bench/results/growth.json, the charts in docs/measurements/charts and the\n' +
    'sections of docs/measurements/capacity.md; a part that is not chosen keeps its figures.',
  options: {
    part: {
      type: 'string',
      multiple: true,
      value: 'id',
      known: GROWTH_PART_IDS,
      help: `Measures only this part: ${GROWTH_PART_IDS.join(', ')}.`,
    },
    rounds: { type: 'string', value: 'n', number: 'whole', help: 'The number of rounds; default 2.' },
    'log-size': {
      type: 'string',
      multiple: true,
      value: 'jobs',
      number: 'whole',
      help: 'Measures with this many jobs in the log.',
    },
    quick: { type: 'boolean', default: false, help: 'Runs a small round and only prints its sections.' },
    report: { type: 'boolean', default: false, help: 'Writes the page from the results that are there.' },
  },
});
const { quick, report, part = [], rounds } = values;
const logSizes = (values['log-size'] ?? (quick ? ['1000', '5000'] : ['10000', '100000', '1000000'])).map(Number);
await runBench(async () => {
  if (!report) await measureGrowth({ parts: part, rounds: Number(rounds ?? (quick ? 1 : 2)), logSizes, quick });
  await (quick ? printCapacity() : writeCapacityPage());
});
