import { onBootstrapGone } from './src/commandLine/onBootstrapGone.ts';
import { runTests } from './src/testRun/runTests.ts';

onBootstrapGone(() => process.exit(1));
process.exitCode = (await runTests(process.argv.slice(2))) === 0 ? 0 : 1;
