/** The conformance kit: `npm run conformance -- --cmd "<start a worker>"`. See docs/worker-protocol.md. */
import { readCommandLine } from '@jobstream/runtime';
import { guardOfThisProcess } from '@jobstream/test-support';
import { planTrials } from './planTrials.ts';
import { runTrials, verdictLines } from './runTrial.ts';

const { values } = readCommandLine({
  command: 'npm run conformance',
  summary: 'Tests workers against the worker protocol: docs/worker-protocol.md. The last line is `N passed, N failed`.',
  options: {
    cmd: {
      type: 'string',
      value: 'command',
      help: 'Starts the worker under test; default the workers of the repository.',
    },
    scenario: { type: 'string', multiple: true, value: 'name', help: 'Runs only this scenario.' },
    worker: {
      type: 'string',
      multiple: true,
      value: 'name',
      help: 'Tests only this worker of the repository, or the faulty ones: `faulty`.',
    },
  },
});

/** In CI every language must be installed: a skipped worker would go unnoticed. */
const inCi = process.env['CI'] !== undefined;

async function main(): Promise<number> {
  const { trials, skipped } = await planTrials(values);
  const tally = { passed: 0, failed: 0 };
  await runTrials(trials, (verdict) => {
    tally[verdict.complaints.length === 0 ? 'passed' : 'failed'] += 1;
    console.log(verdictLines(verdict).join('\n'));
  });
  for (const sentence of skipped) console.log(`${inCi ? 'NOT OK ' : 'skipped'} ${sentence}`);
  if (inCi) tally.failed += skipped.length;
  console.log(`${tally.passed} passed, ${tally.failed} failed`);
  return tally.failed;
}

try {
  process.exitCode = (await main()) === 0 ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
await guardOfThisProcess().stop();
process.exit();
