import { runTask } from '../rebuild/runTask.ts';
import { archiveArguments } from './archiveArguments.ts';
import { runArchive } from './runArchive.ts';

await runTask('archive', (parts) => runArchive(archiveArguments(process.argv.slice(2)), parts));
