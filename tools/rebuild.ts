import { readCommandLine } from '@jobstream/runtime';
import { dataDirOption, systemEnvironment } from './src/commandLine/dataDir.ts';
import { runProjectorTask } from './src/tasks/runProjectorTask.ts';

const { values } = readCommandLine({
  command: 'npm run rebuild',
  summary:
    'Builds the tables of the read model anew from the log, beside those in use, compares both and swaps them.\n' +
    'Exit codes: 0 done, 1 the tables differ, 2 it could not be done. See docs/read-model.md.',
  options: {
    except: {
      type: 'string',
      value: 'columns',
      help: 'Columns that may differ, or job_statistics, separated by commas.',
    },
    force: { type: 'boolean', help: 'Swaps although the tables differ.' },
    rollback: { type: 'boolean', help: 'Swaps back to the tables that were in use before.' },
    'drop-old': { type: 'boolean', help: 'Drops the tables that were in use before.' },
    past: { type: 'boolean', help: 'Empties the tables of past moments, which a projector then builds anew.' },
    cancel: { type: 'boolean', help: 'Ends a rebuild that is under way; the tables in use stay as they are.' },
    ...dataDirOption,
  },
  environment: systemEnvironment,
  examples: ['', '--except worker,updated_at', '--rollback'],
});

await runProjectorTask('rebuild', values);
