import { runTask } from '../tasks/runTask.ts';
import { runVerify } from './runVerify.ts';

await runTask('verify', (context) => runVerify(process.argv.slice(2), context));
