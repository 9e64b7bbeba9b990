import { readCommandLine } from '@jobstream/runtime';
import { dataDirOption, systemEnvironment } from './src/commandLine/dataDir.ts';
import { runProjectorTask } from './src/tasks/runProjectorTask.ts';

const { values } = readCommandLine({
  command: 'npm run archive',
  summary: 'Archives all events of the log into ARCHIVE, or checks that archive. See docs/archive.md.',
  options: {
    check: { type: 'boolean', help: 'Reads all files of the archive and compares them with their checksums.' },
    'begin-late': { type: 'boolean', help: 'Begins an archive although the first events of the log have expired.' },
    ...dataDirOption,
  },
  environment: {
    ARCHIVE: 'The whole path of a folder, or s3://bucket/prefix; default that of the system.',
    ...systemEnvironment,
  },
});

await runProjectorTask('archive', values);
