import { runTask } from '../tasks/runTask.ts';
import { archiveArguments, runArchive } from './runArchive.ts';

await runTask('archive', (context) => runArchive(archiveArguments(process.argv.slice(2)), context));
