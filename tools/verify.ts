import { readCommandLine } from '@jobstream/runtime';
import { runProjectorTask } from './src/tasks/runProjectorTask.ts';

readCommandLine({
  command: 'npm run verify',
  summary:
    'Compares the tables of the read model with the log.\n' +
    'Exit codes: 0 nothing differs, 1 something differs, 2 it could not be done. See docs/read-model.md.',
  options: { repair: { type: 'boolean', help: 'Writes the jobs that differ as the log has them.' } },
});

await runProjectorTask('verify', process.argv.slice(2));
