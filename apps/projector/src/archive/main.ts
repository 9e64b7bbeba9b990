import { runTask } from '../tasks/runTask.ts';
import { archiveArguments } from './runArchive.ts';
import { runArchive } from './runArchive.ts';

await runTask('archive', (parts) => runArchive(archiveArguments(process.argv.slice(2)), parts));
