import { readCommandLine } from '@jobstream/runtime';
import { repositoryRoot } from '@jobstream/servers';
import { chooseStages, stages } from './src/ci/stages.ts';
import type { Stage } from './src/ci/stages.ts';
import { runStages, summaryLines } from './src/ci/runStages.ts';
import { runTool } from './src/commandLine/runTool.ts';

const { words, values } = readCommandLine({
  command: 'npm run ci',
  summary: 'Runs what CI runs with every push, or single stages of it. The last line is `N passed, N failed`.',
  words: '[<stage>…]',
  options: { nightly: { type: 'boolean', help: 'Runs what CI runs every night.' } },
  notes: [
    `Stages: ${namesOf(chooseStages(stages, {}))}.`,
    `Nightly stages: ${namesOf(chooseStages(stages, { nightly: true }))}.`,
  ],
});

function namesOf(those: readonly Stage[]): string {
  return those.map(({ name }) => name).join(', ');
}

await runTool(async ({ guard, stopped }) => {
  const stop = new AbortController();
  void stopped.then(() => stop.abort());
  const nightly = values.nightly ?? false;
  const chosen = chooseStages(stages, { names: words, nightly });
  const surroundings = {
    folder: repositoryRoot,
    writeLine: (line: string) => console.log(line),
    stop: stop.signal,
    started: (pid: number) => guard.watch(pid, 'app', 'SIGTERM'),
  };
  // A push must have its answer; who asks for certain stages, or for those of the night, has the time.
  const limits = nightly || words.length > 0 ? { lastBeginMs: Number.POSITIVE_INFINITY } : {};
  const results = await runStages(chosen, surroundings, limits);
  console.log(summaryLines(chosen, results).join('\n'));
  if (results.some(({ failed }) => failed > 0)) process.exitCode = 1;
});
