import { readCommandLine } from '@jobstream/runtime';
import { guardOfThisProcess } from '@jobstream/test-support';
import { installPeers } from './src/installPeers.ts';
import { measure } from './src/measure.ts';
import { printReport, writeReport } from './src/report/report.ts';

const { values } = readCommandLine({
  command: 'npm run bench',
  summary:
    'Measures the same work on Jobstream and its peers. Writes bench/results/*.json and the tables of\n' +
    'docs/measurements/benchmarks.md; a quick run only prints its tables.',
  options: {
    quick: { type: 'boolean', default: false, help: 'Runs one small round.' },
    rounds: { type: 'string', value: 'n', help: 'The number of rounds; default 3.' },
    part: { type: 'string', multiple: true, value: 'part', help: 'Runs only this part: peers, http or projector.' },
    workload: { type: 'string', default: '', value: 'id', help: 'Runs only workloads whose id begins like this.' },
    system: { type: 'string', multiple: true, value: 'id', help: 'Measures only this system.' },
    report: { type: 'boolean', default: false, help: 'Writes the tables from the results that are there.' },
  },
});
if (values.report) await writeReport();
else {
  await installPeers();
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 3));
  await measure({
    ...values,
    system: values.system ?? [],
    parts: values.part ?? ['peers', 'http', 'projector'],
    rounds,
  });
  await (values.quick ? printReport() : writeReport());
}
await guardOfThisProcess().stop();
process.exit(0);
