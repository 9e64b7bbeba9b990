import { readCommandLine } from '@jobstream/runtime';
import { dataDirOption, systemEnvironment } from './src/commandLine/dataDir.ts';
import { runProjectorTask } from './src/tasks/runProjectorTask.ts';

const { values } = readCommandLine({
  command: 'npm run archive',
  summary:
    'Tells what the archive of the log has. With --now it archives the whole log, with --check it reads the archive.\nSee docs/archive.md.',
  options: {
    now: { type: 'boolean', help: 'Archives everything in the log, and ends.' },
    check: { type: 'boolean', help: 'Reads all files of the archive and compares them with their checksums.' },
    'begin-late': {
      type: 'boolean',
      help: 'With --now: begins an archive although the first events of the log have expired.',
    },
    ...dataDirOption,
  },
  environment: {
    ARCHIVE: 'The whole path of a folder, or s3://bucket/prefix; default that of the system.',
    ...systemEnvironment,
  },
  examples: ['', '--now', '--check'],
});

await runProjectorTask('archive', values);
