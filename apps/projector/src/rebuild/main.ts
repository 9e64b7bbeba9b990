import { rebuildArguments } from './runRebuild.ts';
import { runRebuild } from './runRebuild.ts';
import { runTask } from '../tasks/runTask.ts';

await runTask('rebuild', (parts) => runRebuild(rebuildArguments(process.argv.slice(2)), parts));
