import { randomInt } from 'node:crypto';
import { readCommandLine } from '@jobstream/runtime';
import { failureLines, totalLine } from './reportLines.ts';
import { simulate } from './simulate.ts';

const { values } = readCommandLine({
  command: 'npm run simulate',
  summary:
    'Runs workers, timers, the keeper and the core of the API on a log in memory, in virtual time, with one seed after the\n' +
    'other: messages come in any order and are lost, and processes die at any await. A failure names the seed that repeats it.',
  options: {
    seed: {
      type: 'string',
      value: 'number',
      number: 'whole',
      least: 0,
      help: 'Begins with this seed instead of a random one.',
    },
    minutes: { type: 'string', value: 'number', number: 'any', least: 0, help: 'How long to go on; default 1.' },
    runs: { type: 'string', value: 'number', number: 'whole', help: 'How many seeds to run, instead of for how long.' },
    jobs: { type: 'string', value: 'number', number: 'whole', help: 'Jobs of each run; default 20.' },
    trace: { type: 'boolean', help: 'Prints what happens in each run, a line each.' },
  },
  examples: ['--minutes 10', '--seed 1057 --runs 1 --trace'],
});

const MOST_SEED = 2 ** 31;
const MINUTE_MS = 60_000;

const first = values.seed === undefined ? randomInt(MOST_SEED) : Number(values.seed);
const runs = Number(values.runs ?? Infinity);
const end = performance.now() + (runs === Infinity ? Number(values.minutes ?? 1) * MINUTE_MS : Infinity);
const jobs = values.jobs === undefined ? {} : { jobs: Number(values.jobs) };
const total = { runs: 0, jobs: 0, events: 0, failed: 0 };
for (let seed = first; total.runs < runs && performance.now() < end; seed++) {
  const run = await simulate({ seed, ...jobs });
  total.runs++;
  total.jobs += run.jobs;
  total.events += run.events;
  if (values.trace === true) for (const line of run.trace) console.log(line);
  if (run.findings.length > 0) total.failed++;
  for (const line of failureLines(seed, run, values.jobs)) console.log(line);
}
console.log(totalLine(first, total));
process.exitCode = total.failed === 0 ? 0 : 1;
