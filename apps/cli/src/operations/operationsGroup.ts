import { Command } from '@commander-js/extra-typings';
import type { JobOperation } from '@jobstream/client';
import { apiCommand, type Api, type ApiOptions, type RunOnApi } from '../command/apiCommand.ts';
import { ExitCode } from '../command/exitCode.ts';
import { firstOf } from '../command/firstOf.ts';
import { examples } from '../command/help.ts';
import { wholeNumber } from '../command/values.ts';
import type { Printer, Tone } from '../output/printer.ts';
import type { Column } from '../output/table.ts';
import { describeReasons, followOperation, progressOf } from './followOperation.ts';

interface ListOptions extends ApiOptions {
  readonly limit: number;
}

type Step = 'pause' | 'resume' | 'cancel';

const ID = '01a21007-5d41-7b37-bb26-e9f0e3028d57';
const DEFAULT_LIMIT = 50;
const TONES: Readonly<Record<JobOperation['status'], Tone>> = {
  running: 'busy',
  paused: 'quiet',
  completed: 'good',
  cancelled: 'bad',
};
const SUMMARIES: Readonly<Record<Step, string>> = {
  pause: 'Pauses an operation; it stops within a second.',
  resume: 'Lets a paused operation go on.',
  cancel: 'Ends an operation; what it has done remains.',
};

export function operationsCommand(run: RunOnApi) {
  return new Command('operations')
    .description('Lists, follows and steers the operations on many jobs, such as a replay.')
    .addCommand(listOperationsCommand(run))
    .addCommand(watchOperationCommand(run))
    .addCommand(steerCommand('pause', run))
    .addCommand(steerCommand('resume', run))
    .addCommand(steerCommand('cancel', run))
    .addHelpText('after', examples('jobstream operations', `jobstream operations pause ${ID}`));
}

function listOperationsCommand(run: RunOnApi) {
  return apiCommand('list', 'Lists operations, newest first.')
    .option('--limit <n>', 'at most so many', wholeNumber(1), DEFAULT_LIMIT)
    .addHelpText('after', examples('jobstream operations', 'jobstream operations list --json'))
    .action(run(listOperations));
}

async function listOperations(api: Api, { limit }: ListOptions): Promise<ExitCode> {
  const { client, printer, signal } = api;
  const operations = withReasons(firstOf(client.operations.list({ signal }), limit), api);
  await printer.table(operations, columns(printer), 'There are no operations of the last 30 days.');
  return ExitCode.ok;
}

/** Lists have no reasons: the API counts them for one operation at a time. */
async function* withReasons(operations: AsyncIterable<JobOperation>, { client, signal }: Api) {
  for await (const operation of operations) {
    const { id, skipped, failed } = operation;
    yield skipped + failed === 0 ? operation : await client.operations.get(id, { signal });
  }
}

function watchOperationCommand(run: RunOnApi) {
  return apiCommand('watch', 'Follows an operation until it has ended.')
    .argument('<id>', 'the id of the operation')
    .addHelpText('after', examples(`jobstream operations watch ${ID}`))
    .action(run((api: Api, id: string, _options: ApiOptions) => followOperation(id, api)));
}

function steerCommand(step: Step, run: RunOnApi) {
  return apiCommand(step, SUMMARIES[step])
    .argument('<id>', 'the id of the operation')
    .addHelpText('after', examples(`jobstream operations ${step} ${ID}`))
    .action(run((api: Api, id: string, _options: ApiOptions) => steer(step, id, api)));
}

async function steer(step: Step, id: string, { client, printer, signal }: Api): Promise<ExitCode> {
  const operation = await client.operations[step](id, { signal });
  printer.document(operation, () => `${operation.kind} is ${operation.status}: ${progressOf(operation)}`);
  return ExitCode.ok;
}

function columns(printer: Printer): readonly Column<JobOperation>[] {
  return [
    { title: 'ID', value: ({ id }) => id },
    { title: 'KIND', value: ({ kind }) => kind },
    {
      title: 'STATUS',
      value: ({ status }) => status,
      paint: (text, { status }) => printer.tone(TONES[status], text),
    },
    { title: 'DONE', value: ({ done }) => String(done), right: true },
    { title: 'SKIPPED', value: ({ skipped }) => String(skipped), right: true },
    { title: 'FAILED', value: ({ failed }) => String(failed), right: true },
    { title: 'TOTAL', value: ({ total }) => String(total), right: true },
    { title: 'CREATED', value: ({ createdAt }) => printer.time(createdAt) },
    { title: 'NOTE', value: noteOf, flexible: true },
  ];
}

function noteOf({ hindrance, reason, reasons }: JobOperation): string {
  const note = hindrance ?? reason;
  return [...(note === undefined ? [] : [note]), ...describeReasons(reasons)].join('; ');
}
