import { readCommandLine } from '@jobstream/runtime';
import { runProjectorTask } from './src/tasks/runProjectorTask.ts';

readCommandLine({
  command: 'npm run archive',
  summary: 'Archives all events of the log into ARCHIVE, or checks that archive. See docs/archive.md.',
  options: {
    check: { type: 'boolean', help: 'Reads all files of the archive and compares them with their checksums.' },
    'begin-late': { type: 'boolean', help: 'Begins an archive although the first events of the log have expired.' },
  },
  environment: { ARCHIVE: 'The whole path of a folder, or s3://bucket/prefix.' },
});

await runProjectorTask('archive', process.argv.slice(2));
