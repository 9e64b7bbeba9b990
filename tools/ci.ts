import { readCommandLine } from '@jobstream/runtime';
import { repositoryRoot } from '@jobstream/servers';
import { chooseStages, stages } from './src/ci/stages.ts';
import { runStages, summaryLines } from './src/ci/runStages.ts';
import { runTool } from './src/commandLine/runTool.ts';

const { words } = readCommandLine({
  command: 'npm run ci',
  summary: 'Runs what CI runs, or single stages of it. The last line is `N passed, N failed`.',
  words: '[<stage>…]',
  notes: [`Stages: ${stages.map(({ name }) => name).join(', ')}.`],
});

await runTool(async ({ guard, stopped }) => {
  const stop = new AbortController();
  void stopped.then(() => stop.abort());
  const chosen = chooseStages(stages, words);
  const results = await runStages(chosen, {
    folder: repositoryRoot,
    writeLine: (line) => console.log(line),
    stop: stop.signal,
    started: (pid) => guard.watch(pid, 'app', 'SIGTERM'),
  });
  console.log(summaryLines(chosen, results).join('\n'));
  if (results.some(({ failed }) => failed > 0)) process.exitCode = 1;
});
