import { runCommand } from '@jobstream/servers';
import { readCommandLine } from './src/command/readCommandLine.ts';
import { runBench } from './src/command/runBench.ts';
import { inScratchFolder } from './src/inScratchFolder.ts';
import { machineToday } from './src/machine.ts';
import { letBeProfiled } from './src/profile/profiled.ts';
import { profileApi, profileProjection, profileWorker } from './src/profile/profileParts.ts';
import { writePerformancePage } from './src/profile/writePerformancePage.ts';
import { saveResults } from './src/results.ts';

const { values } = readCommandLine({
  command: 'npm run bench:profile',
  summary:
    'Profiles where the processor time goes, about a minute. Writes bench/results/profile.json and the tables of\n' +
    'docs/measurements/performance.md. The steps of nats-server need Go and are left out without it.',
  options: { report: { type: 'boolean', default: false, help: 'Writes the tables from the figures that are there.' } },
});
await runBench(async () => {
  if (!values.report) await saveResults('profile', false, { ...machineToday(), profiles: await profileAll() });
  await writePerformancePage();
});

async function profileAll() {
  const hasGo = await runCommand('go', ['version']).then(
    () => true,
    () => false,
  );
  if (!hasGo) console.log('Go is not installed: the steps of nats-server are left out, its total is not.');
  return inScratchFolder(async (folder) => {
    letBeProfiled(folder);
    return [await profileApi(folder), await profileWorker(folder, hasGo), await profileProjection(folder)].flat();
  });
}
