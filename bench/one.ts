import { readCommandLine } from './src/command/readCommandLine.ts';
import { runBench } from './src/command/runBench.ts';
import { handrunBenches } from './src/handrun/handrunBenches.ts';

const [name = '--help', ...others] = process.argv.slice(2);
const { words } = readCommandLine(
  {
    command: 'npm run bench:one',
    summary: 'Runs one benchmark by hand.',
    words: '<name> [<argument>…]',
    knownWords: handrunBenches.map((bench) => bench.name),
    notes: handrunBenches.map((bench) => `${bench.name} ${bench.parameters}`.trim().concat(`\n    ${bench.summary}`)),
  },
  [name, ...others],
);
const chosen = handrunBenches.find((bench) => bench.name === words[0]);
await runBench(async () => chosen?.run(words.slice(1)));
