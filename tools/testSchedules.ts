import { readCommandLine } from '@jobstream/runtime';
import { onBootstrapGone } from './src/commandLine/runTool.ts';
import { runTests } from './src/testRun/runTests.ts';

const { values, words } = readCommandLine({
  command: 'npm run test:schedules',
  summary:
    'Runs the properties of *.schedules.test.ts, each for some time: they let everything that can happen at different\n' +
    'times happen in random order. A failure names the seed and the path that reproduce it.',
  words: '[<part of a path>…]',
  options: {
    seconds: { type: 'string', default: '60', value: 'number', help: 'How long to try each property; default 60.' },
    seed: { type: 'string', value: 'number', help: 'Begins with this seed instead of a random one.' },
    path: { type: 'string', value: 'path', help: 'With the seed of a failure: repeats the schedule that failed.' },
  },
});

onBootstrapGone(() => process.exit(1));
const { seconds, seed, path } = values;
process.env['SCHEDULES_SECONDS'] = seconds;
if (seed !== undefined) process.env['SCHEDULES_SEED'] = seed;
if (path !== undefined) process.env['SCHEDULES_PATH'] = path;
const limitMs = String((Number(seconds) + 60) * 1_000);
const files = words.length === 0 ? ['.schedules.test.ts'] : words;
process.exitCode = (await runTests([...files, '--testTimeout', limitMs])) === 0 ? 0 : 1;
