import { readCommandLine } from '@jobstream/runtime';
import { Guard } from '@jobstream/servers';
import {
  baseImages,
  buildAppImages,
  containerEngine,
  NoContainerEngineError,
  provideBaseImages,
} from '@jobstream/tools';
import { runChecks } from '../harness/runChecks.ts';
import { composeProject } from './composeProject.ts';
import { exampleAppScenario } from './exampleApp.ts';
import { scenarios } from './scenarios.ts';

const note = (line: string) => console.error(line);
const inCi = process.env['CI'] === 'true';
const perSecond = Number(process.env['RATE'] || 500);

readCommandLine({
  command: 'npm run test:compose',
  summary:
    'Runs the system of docker-compose.yml and stops its parts: docs/containers.md. The last line is `N passed, N failed`.',
  environment: {
    RATE: 'Jobs per second; default 500.',
    CI: '`true` installs and starts a container engine if there is none; no engine is then a failure.',
  },
});

async function main(): Promise<void> {
  const guard = new Guard();
  guard.start();
  try {
    await using engine = await containerEngine({ env: process.env, mayInstall: inCi, guard, note });
    await runScenarios(engine.env);
  } catch (error) {
    if (inCi || !(error instanceof NoContainerEngineError)) throw error;
    console.log(`skipped: ${error.message}\n0 passed, 0 failed`);
  } finally {
    await guard.stop();
  }
}

async function runScenarios(env: NodeJS.ProcessEnv): Promise<void> {
  const bases = await provideBaseImages(baseImages, { env, note });
  const images = { ...bases, ...(await buildAppImages(bases, { env, note })) };
  await using project = await composeProject({ env, variables: images });
  const checks = [...scenarios, exampleAppScenario({ env, images })].map(({ name, run }) => ({
    name,
    run: () => run(project, perSecond),
  }));
  // At once: a later scenario may make other containers, whose logs begin anew.
  const failed = await runChecks(checks, { evidence: () => project.compose('logs', '--tail', '200') });
  process.exitCode = failed === 0 ? 0 : 1;
}

await main();
