import { workerState, type Worker } from '@jobstream/client';
import { apiCommand, type Api, type ApiOptions, type RunOnApi } from '../command/apiCommand.ts';
import { ExitCode } from '../command/exitCode.ts';
import { examples } from '../command/help.ts';
import type { Printer, Tone } from '../output/printer.ts';
import type { Column } from '../output/table.ts';

const TONES: Readonly<Record<string, Tone>> = { live: 'good', stopping: 'busy', lost: 'bad' };

export function workersCommand(run: RunOnApi) {
  return apiCommand('workers', 'Lists the workers that live, and those that are gone for less than a day.')
    .addHelpText('after', examples('jobstream workers', `jobstream workers --json | jq 'select(.live) | .worker'`))
    .action(run(listWorkers));
}

async function listWorkers({ client, printer, signal }: Api, _options: ApiOptions): Promise<ExitCode> {
  const workers = await client.workers.list({ signal });
  await printer.table(workers, columns(printer, workers), 'There are no workers.');
  return ExitCode.ok;
}

function columns(printer: Printer, workers: readonly Worker[]): readonly Column<Worker>[] {
  const stateOf = (worker: Worker) => stateName(worker, workers);
  return [
    { title: 'WORKER', value: ({ worker }) => worker },
    {
      title: 'STATE',
      value: stateOf,
      paint: (text, worker) => printer.tone(TONES[stateOf(worker)] ?? 'quiet', text),
    },
    { title: 'RUNNING', value: ({ runningCount }) => String(runningCount), right: true },
    { title: 'STARTED', value: ({ startedAt }) => printer.time(startedAt) },
    { title: 'NAME', value: ({ name, version }) => [name, version].filter(Boolean).join(' '), flexible: true },
    { title: 'TYPES', value: ({ types }) => types.join(','), flexible: true },
  ];
}

/** `replaced` is a worker that ended in order, and in whose place another one has come. */
function stateName(worker: Worker, workers: readonly Worker[]): string {
  const state = workerState(worker, workers);
  return state.kind === 'stopped' && state.replacedBy !== undefined ? 'replaced' : state.kind;
}
