import { readCommandLine } from '@jobstream/runtime';
import { repositoryRoot } from '@jobstream/servers';
import { recordRun } from './src/ci/recordRun.ts';
import { runStages, summaryLines } from './src/ci/runStages.ts';
import { chooseStages, stages } from './src/ci/stages.ts';
import { runTool } from './src/commandLine/runTool.ts';
import { BusyLoops } from './src/testRun/busyLoops.ts';

const { words, values } = readCommandLine({
  command: 'npm run ci',
  summary:
    'Runs the gate, which CI runs with every push; `all` stages, as CI does every night; or single ones. The last line is\n' +
    '`N passed, N failed`.',
  words: '[all | <stage>…]',
  options: {
    from: { type: 'string', value: 'stage', help: 'Runs this stage and all behind it.' },
    load: { type: 'boolean', help: 'Runs a busy loop for each processor meanwhile.' },
    record: { type: 'boolean', help: 'Adds the durations to docs/measurements/ci.md.' },
  },
  notes: [`The gate: ${namesOf(true)}.`, `The others: ${namesOf(undefined)}.`],
});

/** A push must have its answer. */
const GATE_LIMIT_MS = 60 * 60_000;

function namesOf(gate: true | undefined): string {
  return stages
    .filter((stage) => stage.gate === gate)
    .map(({ name }) => name)
    .join(', ');
}

await runTool(async ({ guard, stopped }) => {
  const chosen = chooseStages(stages, { names: words, from: values.from });
  await using _load = values.load === true ? new BusyLoops() : undefined;
  const stop = new AbortController();
  void stopped.then(() => stop.abort());
  const surroundings = {
    folder: repositoryRoot,
    writeLine: (line: string) => console.log(line),
    stop: stop.signal,
    started: (pid: number) => guard.watch(pid, 'app', 'SIGTERM'),
  };
  const isGate = chosen.every(({ gate }) => gate === true);
  const results = await runStages(chosen, surroundings, isGate ? { limitMs: GATE_LIMIT_MS } : {});
  if (values.record === true)
    await recordRun(results, { beside: values.load === true ? 'a busy loop for each core' : '–' });
  console.log(summaryLines(chosen, results).join('\n'));
  if (results.some(({ failed }) => failed > 0)) process.exitCode = 1;
});
