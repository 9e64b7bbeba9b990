import { rm } from 'node:fs/promises';
import { readCommandLine } from '@jobstream/runtime';
import { guardOfThisProcess, scratchDataFolder, startSystem } from '@jobstream/test-support';
import { packPackages } from '@jobstream/tools';
import { NotInstalledError } from '../harness/runInstaller.ts';
import { packageChecks, type PackageCheck } from './checks.ts';
import { commandLineChecks } from './commandLineChecks.ts';
import { comparisonCheck } from './comparisonCheck.ts';
import { createConsumer } from './consumer.ts';
import { goChecks } from './goChecks.ts';
import { frameworksCheck } from './frameworksCheck.ts';
import { prismaCheck } from './prismaCheck.ts';
import { providePrograms } from './programs.ts';
import { pythonChecks } from './pythonChecks.ts';

readCommandLine({
  command: 'npm run test:packages',
  summary:
    'Packs the npm packages, installs them into a project outside the repository, and compiles, runs and tests that\n' +
    'against a real system; then the packages for Python and Go. The last line is `N passed, N failed`.',
});

async function main(): Promise<void> {
  const [packages, programs] = await Promise.all([packPackages(), providePrograms()]);
  const dataDir = await scratchDataFolder('packages');
  try {
    await using consumer = await createConsumer(packages);
    await using system = await startSystem(dataDir);
    const under = { packages, programs, consumer, system };
    const failed = await runChecks([
      ...packageChecks(under),
      ...commandLineChecks(under),
      ...[programs.node22, programs.current].map((runtime) => comparisonCheck(runtime, packages)),
      ...[programs.oldestNode22, programs.current].map((runtime) => frameworksCheck(runtime, packages)),
      prismaCheck(programs.current, packages, system),
      ...pythonChecks(system),
      ...goChecks(system),
    ]);
    process.exitCode = failed === 0 ? 0 : 1;
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** Runs all checks, writes a line for each, and returns how many failed. */
async function runChecks(checks: readonly PackageCheck[]): Promise<number> {
  let failed = 0;
  let skipped = 0;
  for (const { name, run } of checks) {
    const begin = performance.now();
    try {
      await run();
      console.log(`ok      ${name} (${((performance.now() - begin) / 1_000).toFixed(1)} s)`);
    } catch (error) {
      if (error instanceof NotInstalledError && process.env['CI'] === undefined) {
        skipped += 1;
        console.log(`skipped ${name}: ${error.message}`);
        continue;
      }
      failed += 1;
      console.log(`FAILED  ${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  console.log(`${checks.length - failed - skipped} passed, ${failed} failed`);
  return failed;
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
await guardOfThisProcess().stop();
process.exit();
