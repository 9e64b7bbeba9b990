import { rebuildArguments, runRebuild } from './runRebuild.ts';
import { runTask } from '../tasks/runTask.ts';

await runTask('rebuild', (context) => runRebuild(rebuildArguments(process.argv.slice(2)), context));
