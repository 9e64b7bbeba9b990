import { rmSync } from 'node:fs';
import path from 'node:path';
import { repositoryRoot, Guard } from '@jobstream/servers';
import { buildAppImages } from './src/containers/appImages.ts';
import { baseImages, provideBaseImages } from './src/containers/baseImages.ts';
import { containerEngine } from './src/containers/containerEngine.ts';
import type { ContainerEngine } from './src/containers/engineOptions.ts';
import { NoContainerEngineError } from './src/containers/noContainerEngineError.ts';
import { testSettings } from './src/containers/testSettings.ts';
import { onBootstrapGone } from './src/commandLine/onBootstrapGone.ts';
import { runTests } from './src/testRun/runTests.ts';

const note = (line: string) => console.error(line);
const inCi = process.env['CI'] === 'true';
/** Whose servers a test starts through libs/testing, and the whole system. */
const all = ['libs/testing', 'libs/eventlog', 'libs/readmodel', 'apps', 'e2e/system/system.test.ts'];
/** In CI, where the other provider runs every test: what depends most on how servers answer, end and come back. */
const most = [
  'libs/testing',
  'libs/eventlog/src',
  'libs/readmodel/src/readModel.test.ts',
  'libs/readmodel/src/projection/jobProjection.test.ts',
  'apps/worker/src/worker.test.ts',
  'apps/worker/src/workerFaults.test.ts',
  'apps/projector/src/projection/projector.test.ts',
  'apps/api/src/jobs/create/createJob.test.ts',
  'apps/api/src/operations/health.test.ts',
  'e2e/system/system.test.ts',
];

/**
 * Runs the integration and end-to-end tests on containers. In CI it installs and starts an engine if it must, and no
 * engine is a failure; elsewhere it says why nothing ran. `npm run test:containers -- libs/eventlog` runs a part.
 */
async function main(): Promise<void> {
  onBootstrapGone(() => process.exit(1));
  const guard = new Guard();
  guard.start();
  try {
    await using engine = await containerEngine({ env: process.env, mayInstall: inCi, guard, note });
    process.exitCode = await test(engine);
  } catch (error) {
    if (inCi || !(error instanceof NoContainerEngineError)) throw error;
    console.log(`skipped: ${error.message}\n0 passed, 0 failed`);
  } finally {
    await guard.stop();
  }
}

async function test({ env }: ContainerEngine): Promise<number> {
  const bases = await provideBaseImages(baseImages, { env, note });
  const images = { ...bases, ...(await buildAppImages(bases, { env, note })) };
  const logs = path.join(repositoryRoot, '.data', 'container-logs');
  rmSync(logs, { recursive: true, force: true });
  Object.assign(process.env, env, testSettings(images, logs));
  const words = process.argv.slice(2);
  const failed = await runTests(words.length > 0 ? words : inCi ? most : all);
  if (failed === 0) rmSync(logs, { recursive: true, force: true });
  else note(`The logs of the containers are in ${logs}.`);
  return failed === 0 ? 0 : 1;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
