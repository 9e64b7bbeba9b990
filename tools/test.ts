import { asksForHelp, readCommandLine } from '@jobstream/runtime';
import { onBootstrapGone } from './src/commandLine/runTool.ts';
import { memoryFolder } from './src/testRun/memoryFolder.ts';
import { runTests } from './src/testRun/runTests.ts';

const args = process.argv.slice(2);
// Other options are those of Vitest.
if (asksForHelp(args)) {
  readCommandLine({
    command: 'npm test',
    summary: 'Runs the tests with Vitest. The last line is `N passed, N failed`.',
    words: '[<part of a path>…] [<option of Vitest>…]',
  });
}
onBootstrapGone(() => process.exit(1));
const folder = process.env['TMPDIR'] ?? (await memoryFolder());
if (folder !== undefined) process.env['TMPDIR'] = folder;
process.exitCode = (await runTests(args)) === 0 ? 0 : 1;
