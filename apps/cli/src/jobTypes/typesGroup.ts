import { Command } from '@commander-js/extra-typings';
import type { JobType } from '@jobstream/client';
import { apiCommand, type Api, type ApiOptions, type RunOnApi } from '../command/apiCommand.ts';
import { ExitCode } from '../command/exitCode.ts';
import { examples } from '../command/help.ts';
import type { Printer } from '../output/printer.ts';
import type { Column } from '../output/table.ts';
import { checkCommand } from './check.ts';
import { pauseCommand, resumeCommand } from './pauseAndResume.ts';

export function typesCommand(run: RunOnApi) {
  return new Command('types')
    .description('Lists, pauses and resumes job types.')
    .addCommand(listTypesCommand(run))
    .addCommand(pauseCommand(run))
    .addCommand(resumeCommand(run))
    .addCommand(checkCommand(run))
    .addCommand(removeTypeCommand(run))
    .addHelpText('after', examples('jobstream types', 'jobstream types pause email'));
}

function listTypesCommand(run: RunOnApi) {
  return apiCommand('list', 'Lists job types, with their backlog and workers.')
    .addHelpText('after', examples('jobstream types', 'jobstream types list --json'))
    .action(run(listTypes));
}

async function listTypes({ client, printer, signal }: Api, _options: ApiOptions): Promise<ExitCode> {
  const types = await client.types.list({ signal });
  const some = types.some(({ signals }) => signals !== undefined);
  await printer.table(types, [...columns(printer), ...(some ? [SIGNALS] : [])], 'There are no job types yet.');
  return ExitCode.ok;
}

function removeTypeCommand(run: RunOnApi) {
  return apiCommand('remove', 'Removes what workers have announced of a type, and its settings, but no jobs.')
    .argument('<type>', 'the job type')
    .addHelpText('after', examples('jobstream types remove emial'))
    .action(run(removeType));
}

async function removeType({ client, printer, signal }: Api, type: string, _options: ApiOptions): Promise<ExitCode> {
  await client.types.remove(type, { signal });
  printer.document({ type, removed: true }, () => `${type} is removed`);
  return ExitCode.ok;
}

function columns(printer: Printer): readonly Column<JobType>[] {
  return [
    { title: 'TYPE', value: ({ type }) => type, flexible: true },
    { title: 'STATE', value: (type) => stateOf(type, printer) },
    { title: 'WORKERS', value: ({ workers }) => String(workers.length), right: true },
    { title: 'BACKLOG', value: ({ backlog }) => String(backlog), right: true },
    { title: 'RUNNING', value: ({ inFlight }) => String(inFlight), right: true },
    { title: 'OLDEST', value: ({ waitingSince }) => (waitingSince === undefined ? '' : printer.time(waitingSince)) },
    { title: 'LIMITS', value: limitsOf },
    { title: 'CHECK', value: ({ payloadCheck }) => payloadCheck ?? '' },
  ];
}

/** Shown where a type takes any. */
const SIGNALS: Column<JobType> = {
  title: 'SIGNALS',
  value: ({ signals = {} }) => Object.keys(signals).join(', '),
  flexible: true,
};

function stateOf({ paused, until, workers }: JobType, { time }: Printer): string {
  if (paused) return until === undefined ? 'paused' : `paused, resumes ${time(until)}`;
  return workers.length > 0 ? 'active' : 'no worker';
}

/** The limits of each worker process. */
function limitsOf({ limits }: JobType): string {
  return [limits?.concurrency?.toString(), limits?.rate].filter((limit) => limit !== undefined).join(', ');
}
