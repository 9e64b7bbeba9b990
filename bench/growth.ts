/**
 * How the cost of a job grows with what there is of something: `npm run bench:growth [-- --part <id>]… [--rounds <n>]
 * [--log-size <jobs>]… [--quick] [--report]`. Writes bench/results/growth.json, the charts in docs/measurements/charts and the sections of
 * docs/measurements/capacity.md. A part that is not chosen keeps its figures; parts are those of growthParts.ts, `log` and `services`. A quick
 * run is small, and writes nothing but its sections on the screen. `--report` writes the page from the results that are there.
 */
import { parseArgs } from 'node:util';
import { guardOfThisProcess } from '@jobstream/testing';
import { measureGrowth } from './src/growth/measureGrowth.ts';
import { printCapacity, writeCapacityPage } from './src/growth/writeCapacityPage.ts';

const { values } = parseArgs({
  options: {
    part: { type: 'string', multiple: true, default: [] },
    rounds: { type: 'string' },
    'log-size': { type: 'string', multiple: true },
    quick: { type: 'boolean', default: false },
    report: { type: 'boolean', default: false },
  },
});
const { quick, report, part, rounds } = values;
const logSizes = (values['log-size'] ?? (quick ? ['1000', '5000'] : ['10000', '100000', '1000000'])).map(Number);
if (!report) await measureGrowth({ parts: part, rounds: Number(rounds ?? (quick ? 1 : 2)), logSizes, quick });
await (quick ? printCapacity() : writeCapacityPage());
await guardOfThisProcess().stop();
process.exit(0);
