/**
 * The same work on Jobstream and its peers: `npm run bench [-- --quick] [--part peers|http|projector]… [--workload <start of
 * an id>] [--system <id>]… [--rounds <n>]`. Writes bench/results/*.json and the tables of docs/measurements/benchmarks.md; a quick run
 * writes nothing but its tables on the screen. `--report` makes the tables anew from the results that are there.
 */
import { parseArgs } from 'node:util';
import { guardOfThisProcess } from '@jobstream/testing';
import { installPeers } from './src/installPeers.ts';
import { measure } from './src/measure.ts';
import { printReport, writeReport } from './src/report/report.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    part: { type: 'string', multiple: true, default: ['peers', 'http', 'projector'] },
    workload: { type: 'string', default: '' },
    system: { type: 'string', multiple: true, default: [] },
    report: { type: 'boolean', default: false },
  },
});
if (values.report) await writeReport();
else {
  await installPeers();
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 3));
  await measure({ ...values, parts: values.part, rounds });
  await (values.quick ? printReport() : writeReport());
}
await guardOfThisProcess().stop();
process.exit(0);
