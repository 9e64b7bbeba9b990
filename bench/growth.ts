import { readCommandLine } from '@jobstream/runtime';
import { guardOfThisProcess } from '@jobstream/test-support';
import { measureGrowth } from './src/growth/measureGrowth.ts';
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
      help: 'Measures only this part of growthParts.ts, log or around.',
    },
    rounds: { type: 'string', value: 'n', help: 'The number of rounds; default 2.' },
    'log-size': { type: 'string', multiple: true, value: 'jobs', help: 'Measures with this many jobs in the log.' },
    quick: { type: 'boolean', default: false, help: 'Runs a small round and only prints its sections.' },
    report: { type: 'boolean', default: false, help: 'Writes the page from the results that are there.' },
  },
});
const { quick, report, part = [], rounds } = values;
const logSizes = (values['log-size'] ?? (quick ? ['1000', '5000'] : ['10000', '100000', '1000000'])).map(Number);
if (!report) await measureGrowth({ parts: part, rounds: Number(rounds ?? (quick ? 1 : 2)), logSizes, quick });
await (quick ? printCapacity() : writeCapacityPage());
await guardOfThisProcess().stop();
process.exit(0);
