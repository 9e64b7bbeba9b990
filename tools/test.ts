import { asksForHelp, readCommandLine } from '@jobstream/runtime';
import { onBootstrapGone } from './src/commandLine/runTool.ts';
import { memoryFolder } from './src/testRun/memoryFolder.ts';
import { repeatTests, runTests } from './src/testRun/runTests.ts';

const args = process.argv.slice(2);
// Other options are those of Vitest.
if (asksForHelp(args)) {
  readCommandLine({
    command: 'npm test',
    summary:
      'Runs the tests with Vitest. A file that failed in a run of all is tried once more, alone. The last line is\n' +
      '`N passed, N failed`.',
    words: '[<part of a path>…] [<option of Vitest>…]',
    options: {
      repeat: { type: 'string', value: 'times', help: 'Runs the files so often, a quarter of it beside a load.' },
      slow: { type: 'boolean', help: 'Prints the twenty slowest files.' },
      'flaky-fails': { type: 'boolean', help: 'Counts a file as failed that passes only when it is tried again.' },
    },
  });
}
onBootstrapGone(() => process.exit(1));
const folder = process.env['TMPDIR'] ?? (await memoryFolder());
if (folder !== undefined) process.env['TMPDIR'] = folder;
const slow = take('--slow');
const flakyFails = take('--flaky-fails');
const times = takeNumber('--repeat');
const failed = times === undefined ? await runTests(args, { slow, flakyFails }) : await repeatTests(args, times);
process.exitCode = failed === 0 ? 0 : 1;

function take(option: string): boolean {
  const place = args.indexOf(option);
  if (place >= 0) args.splice(place, 1);
  return place >= 0;
}

function takeNumber(option: string): number | undefined {
  const place = args.indexOf(option);
  if (place < 0) return undefined;
  const [, text = ''] = args.splice(place, 2);
  if (/^[1-9]\d*$/u.test(text)) return Number(text);
  console.error(`${option} is followed by how often, for example ${option} 20, got: ${text}`);
  process.exit(1);
}
