/** The conformance kit: `npm run conformance -- --cmd "<start a worker>"`. See docs/worker-protocol.md. */
import { guardOfThisProcess } from '@jobstream/test-support';
import { planTrials } from './planTrials.ts';
import { runTrials, verdictLines } from './runTrial.ts';

/** In CI every language must be installed: a skipped worker would go unnoticed. */
const inCi = process.env['CI'] !== undefined;

async function main(): Promise<number> {
  const { trials, skipped } = await planTrials(process.argv.slice(2));
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
