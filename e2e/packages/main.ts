import { rm } from 'node:fs/promises';
import { readCommandLine } from '@jobstream/runtime';
import { guardOfThisProcess, scratchDataFolder, startSystem } from '@jobstream/test-support';
import { packPackages } from '@jobstream/tools';
import { runChecks } from '../harness/runChecks.ts';
import { packageChecks } from './checks.ts';
import { commandLineChecks } from './commandLineChecks.ts';
import { comparisonCheck } from './comparisonCheck.ts';
import { createConsumer } from './consumer.ts';
import { documentChecks } from './documentChecks.ts';
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
      ...documentChecks(under),
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

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
await guardOfThisProcess().stop();
process.exit();
