import { asksForHelp, readCommandLine } from '@jobstream/runtime';
import { guardOfThisProcess } from '@jobstream/test-support';
import { handrunBenches } from './src/handrun/handrunBenches.ts';

const [name = '--help', ...args] = process.argv.slice(2);
if (asksForHelp([name])) {
  readCommandLine(
    {
      command: 'npm run bench:one',
      summary: 'Runs one benchmark by hand.',
      words: '<name> [<argument>…]',
      notes: handrunBenches.map((bench) => `${bench.name} ${bench.parameters}`.trim().concat(`\n    ${bench.summary}`)),
    },
    ['--help'],
  );
}
const chosen = handrunBenches.find((bench) => bench.name === name);
if (chosen === undefined) console.error(`there is no benchmark ${name}; for help: npm run bench:one -- --help`);
const passed = chosen !== undefined && ((await chosen.run(args)) ?? true);
await guardOfThisProcess().stop();
process.exit(passed ? 0 : 1);
