import { Guard, repositoryRoot } from '@jobstream/servers';
import { runStages, summaryLines } from './src/ci/runStages.ts';
import { chooseStages, stages } from './src/ci/stages.ts';
import { onBootstrapGone } from './src/commandLine/onBootstrapGone.ts';
import { stopRequest } from './src/commandLine/stopRequest.ts';

/** What CI runs: `npm run ci`, or `npm run ci -- checks tests` for single stages. The last line is `N passed, N failed`. */
async function main(): Promise<void> {
  const guard = new Guard();
  guard.start();
  const stop = new AbortController();
  void stopRequest(() => process.exit(130)).then(() => stop.abort());
  onBootstrapGone(() => process.kill(process.pid, 'SIGTERM'));
  try {
    const chosen = chooseStages(stages, process.argv.slice(2));
    const results = await runStages(chosen, {
      folder: repositoryRoot,
      writeLine: (line) => console.log(line),
      stop: stop.signal,
      started: (pid) => guard.watch(pid, 'app', 'SIGTERM'),
    });
    console.log(summaryLines(chosen, results).join('\n'));
    if (results.some(({ failed }) => failed > 0)) process.exitCode = 1;
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
  await guard.stop();
}

await main();
process.exit();
