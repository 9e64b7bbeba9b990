import { onBootstrapGone } from './src/onBootstrapGone.ts';
import { runTests } from './src/runTests.ts';

onBootstrapGone(() => process.exit(1));
process.exitCode = (await runTests(process.argv.slice(2))) === 0 ? 0 : 1;
