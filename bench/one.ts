/** Runs one benchmark by hand: `npm run bench:one -- <name> [arguments]`; `npm run bench:one -- --list` names them all. */
import { guardOfThisProcess } from '@jobstream/testing';
import { handrunBenches } from './src/handrun/handrunBenches.ts';

const [name = '--list', ...args] = process.argv.slice(2);
const chosen = handrunBenches.find((bench) => bench.name === name);
let passed = true;
if (chosen !== undefined) passed = (await chosen.run(args)) ?? true;
else {
  for (const { name: own, parameters, summary } of handrunBenches)
    console.log(`${`${own} ${parameters}`.trim()}\n    ${summary}`);
  passed = ['--list', '--help'].includes(name);
  if (!passed) console.error(`there is no benchmark ${name}`);
}
await guardOfThisProcess().stop();
process.exit(passed ? 0 : 1);
