import { rebuildArguments } from './rebuildArguments.ts';
import { runRebuild } from './runRebuild.ts';
import { runTask } from './runTask.ts';

await runTask('rebuild', (parts) => runRebuild(rebuildArguments(process.argv.slice(2)), parts));
