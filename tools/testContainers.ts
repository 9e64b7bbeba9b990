import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { asksForHelp, readCommandLine } from '@jobstream/runtime';
import { Guard, repositoryRoot } from '@jobstream/servers';
import { onBootstrapGone, reportFailure } from './src/commandLine/runTool.ts';
import { buildAppImages } from './src/containers/appImages.ts';
import { baseImages, provideBaseImages } from './src/containers/baseImages.ts';
import { containerEngine } from './src/containers/containerEngine.ts';
import { NoContainerEngineError } from './src/containers/dockerCommand.ts';
import type { ContainerEngine } from './src/containers/dockerCommand.ts';
import { runTests } from './src/testRun/runTests.ts';

const args = process.argv.slice(2);
const note = (line: string) => console.error(line);
const inCi = process.env['CI'] === 'true';
/** The tests whose servers libs/test-support starts, and the test of the whole system. */
const all = ['libs/test-support', 'libs/eventlog', 'libs/readmodel', 'apps', 'e2e/system/system.test.ts'];
/** The tests that depend most on how servers respond, end and restart: CI runs the others on local servers only. */
const most = [
  'libs/test-support',
  'libs/eventlog/src',
  'libs/readmodel/src/readModel.test.ts',
  'libs/readmodel/src/projection/jobProjection.test.ts',
  'libs/worker/src/attemptRunner.test.ts',
  'libs/worker/src/attemptRunnerFaults.test.ts',
  'apps/projector/src/projection/projector.test.ts',
  'apps/api/src/jobs/create/createJob.test.ts',
  'apps/api/src/service/health.test.ts',
  'e2e/system/system.test.ts',
];

// Other options are those of Vitest.
if (asksForHelp(args)) {
  readCommandLine({
    command: 'npm run test:containers',
    summary:
      'Runs the integration and end-to-end tests on containers of NATS, Postgres and our images.\n' +
      'With CI=true it installs and starts an engine if there is none, and no engine is a failure.',
    words: '[<part of a path>…] [<option of Vitest>…]',
  });
}
await main().catch(reportFailure);

async function main(): Promise<void> {
  const missing = [...all, ...most].filter((name) => !existsSync(path.join(repositoryRoot, name)));
  // Vitest ignores a path that matches no file.
  if (missing.length > 0)
    throw new Error(`tools/testContainers.ts names tests that do not exist: ${missing.join(', ')}.`);
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
  const failed = await runTests(args.length > 0 ? args : inCi ? most : all);
  if (failed === 0) rmSync(logs, { recursive: true, force: true });
  else note(`The logs of the containers are in ${logs}.`);
  return failed === 0 ? 0 : 1;
}

/** The environment in which tests take their servers from containers of these images. */
function testSettings(images: Readonly<Record<string, string>>, logFolder: string): Record<string, string> {
  return {
    ...images,
    TEST_SERVERS: 'containers',
    CONTAINER_LOGS: logFolder,
    // The image of its clean-up container may be unreachable. The next run removes what a killed run leaves.
    TESTCONTAINERS_RYUK_DISABLED: 'true',
    TESTCONTAINERS_HOST_OVERRIDE: '127.0.0.1',
  };
}
