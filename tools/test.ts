import { startVitest, parseCLI } from 'vitest/node';
import type { Vitest } from 'vitest/node';
import { onBootstrapGone } from './src/onBootstrapGone.ts';
import { closingLine, testTally } from './src/testTally.ts';

async function main(): Promise<void> {
  onBootstrapGone(() => process.exit(1));
  const { filter, options } = parseCLI(['vitest', 'run', ...process.argv.slice(2)]);
  const vitest = await startVitest(filter, { ...options, watch: false });
  const tally = testTally(vitest.state.getTestModules(), vitest.state.getUnhandledErrors().length);
  await closeAll(vitest);
  if (tally.failed > 0) process.exitCode = 1;
  console.log(closingLine(tally));
}

async function closeAll(vitest: Vitest): Promise<void> {
  // A handle that a test leaked must not keep a run from ending; vitest has named it by then.
  const overdue = setTimeout(() => process.exit(1), 60_000);
  await vitest.close();
  clearTimeout(overdue);
}

await main();
