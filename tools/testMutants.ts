import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readCommandLine } from '@jobstream/runtime';
import { repositoryRoot } from '@jobstream/servers';
import { onBootstrapGone, reportFailure } from './src/commandLine/runTool.ts';
import {
  readEarlierResults,
  readRemarks,
  readResults,
  testsChangedSince,
  writeResults,
} from './src/mutants/mutantResults.ts';
import { drawTiming } from './src/mutants/drawMutants.ts';
import { writeMutantReport } from './src/mutants/mutantReport.ts';
import { MutantWorkspace } from './src/mutants/mutantWorkspace.ts';
import { tryMutants, trySurvivors } from './src/mutants/tryMutants.ts';
import type { MutantTrial } from './src/mutants/tryMutants.ts';

const { values, words } = readCommandLine({
  command: 'npm run test:mutants',
  summary:
    'Plants one small fault after the other in a copy of a package and runs its tests: a fault that no test notices shows\n' +
    'what they do not cover. Results are written to docs/measurements/mutants; a run that was interrupted is continued.',
  words: '[<folder of a package>]…',
  options: {
    count: { type: 'string', default: '40', value: 'number', help: 'How many mutants to try; default 40.' },
    seed: { type: 'string', default: '1', value: 'number', help: 'Chooses the mutants and their order; default 1.' },
    jobs: { type: 'string', default: '1', value: 'number', help: 'How many test files run at once; default 1.' },
    draw: { type: 'boolean', help: 'Plants none: prints those of time that the seed draws from the packages in turn.' },
    survivors: { type: 'boolean', help: 'Tries the survivors of the last run again, after tests were added.' },
  },
  notes: ['Without a folder it only writes docs/measurements/mutants.md anew from the results.'],
});

onBootstrapGone(() => process.exit(1));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
try {
  if (values.draw) await printDraw();
  else {
    for (const packageFolder of words) await tryPackage(packageFolder);
    await writeMutantReport(repositoryRoot);
  }
} catch (error) {
  reportFailure(error, 1);
}

async function printDraw(): Promise<void> {
  words.forEach(assertPackage);
  const drawn = await drawTiming(repositoryRoot, words, Number(values.seed));
  for (const { id, before, after } of drawn.slice(0, Number(values.count))) {
    console.log(`${id}\n  - ${before}\n  + ${after}`);
  }
}

function assertPackage(packageFolder: string): void {
  if (!existsSync(path.join(repositoryRoot, packageFolder, 'src'))) throw new Error(`there is no ${packageFolder}/src`);
}

async function tryPackage(packageFolder: string): Promise<void> {
  assertPackage(packageFolder);
  const results = await (values.survivors
    ? readEarlierResults(repositoryRoot, packageFolder)
    : readResults(repositoryRoot, packageFolder, Number(values.seed)));
  if (results === undefined) throw new Error(`there are no results of ${packageFolder} yet`);
  await using workspace = await MutantWorkspace.create(repositoryRoot, tmpdir());
  const trial: MutantTrial = {
    workspace,
    results,
    count: Number(values.count),
    jobs: Number(values.jobs),
    reachFile: path.join(repositoryRoot, '.data', 'cache', 'mutants', `${packageFolder.replaceAll('/', '-')}.json`),
    say: (line) => console.log(line),
    save: (changed) => writeResults(repositoryRoot, changed),
  };
  if (values.survivors) {
    await trySurvivors(trial, await readRemarks(repositoryRoot), await testsChangedSince(repositoryRoot, results));
  } else await tryMutants(trial);
}
