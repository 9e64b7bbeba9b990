/** The conformance kit: `npm run conformance -- --cmd "<start a worker>"`. See docs/worker-protocol.md. */
import { guardOfThisProcess } from '@jobstream/testing';
import { conformanceOptions } from './conformanceOptions.ts';
import { planTrials } from './planTrials.ts';
import { runTrials } from './runTrials.ts';
import { verdictLines } from './verdictLines.ts';

async function main(): Promise<number> {
  const { trials, left } = await planTrials(conformanceOptions(process.argv.slice(2)));
  const tally = { passed: 0, failed: 0 };
  await runTrials(trials, (verdict) => {
    tally[verdict.complaints.length === 0 ? 'passed' : 'failed'] += 1;
    console.log(verdictLines(verdict).join('\n'));
  });
  for (const sentence of left) console.log(`${inCi() ? 'NOT OK ' : 'left out'} ${sentence}`);
  if (inCi()) tally.failed += left.length;
  console.log(`${tally.passed} passed, ${tally.failed} failed`);
  return tally.failed;
}

/** There every language must be installed: what is left out would go unnoticed. */
function inCi(): boolean {
  return process.env['CI'] !== undefined;
}

try {
  process.exitCode = (await main()) === 0 ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
await guardOfThisProcess().stop();
process.exit();
