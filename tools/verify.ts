import { readCommandLine } from '@jobstream/runtime';
import { dataDirOption, systemEnvironment } from './src/commandLine/dataDir.ts';
import { runProjectorTask } from './src/tasks/runProjectorTask.ts';

const { values } = readCommandLine({
  command: 'npm run verify',
  summary:
    'Compares the tables of the read model with the log.\n' +
    'Exit codes: 0 nothing differs, 1 something differs, the table lags behind, or there is nothing to compare;\n' +
    '2 it could not be done. See docs/read-model.md.',
  options: {
    repair: { type: 'boolean', help: 'Writes the jobs that differ as the log has them.' },
    json: { type: 'boolean', help: 'Prints one JSON document.' },
    ...dataDirOption,
  },
  environment: systemEnvironment,
  examples: ['', '--repair', '--json'],
});

await runProjectorTask('verify', values);
