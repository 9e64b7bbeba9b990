import type { JobType } from '@jobstream/client';
import { apiCommand, type Api, type ApiOptions, type RunOnApi } from '../command/apiCommand.ts';
import { definedIn } from '../command/definedIn.ts';
import { ExitCode } from '../command/exitCode.ts';
import { UsageError } from '../command/failure.ts';
import { examples } from '../command/help.ts';
import { time } from '../command/values.ts';

interface ResumeOptions extends ApiOptions {
  readonly all?: true;
}

interface PauseOptions extends ResumeOptions {
  readonly until?: string;
  readonly reason?: string;
}

export function pauseCommand(run: RunOnApi) {
  return apiCommand('pause', 'Pauses a job type, or all: no new attempt starts.')
    .argument('[type]', 'the job type')
    .option('--all', 'all types, and those that appear later')
    .option('--until <time>', 'resume by itself at this time', time)
    .option('--reason <text>', 'why; it is shown with the waiting jobs')
    .addHelpText(
      'after',
      examples(
        `jobstream types pause email --until 2030-01-31T09:00:00+01:00 --reason 'the mail server is down'`,
        `jobstream types pause --all --reason 'the database is moved'`,
      ),
    )
    .action(run(pause));
}

async function pause(api: Api, type: string | undefined, { all, until, reason }: PauseOptions): Promise<ExitCode> {
  const { client, printer, signal } = api;
  const end = until === undefined ? '' : `, to resume ${printer.time(until)}`;
  const options = { signal, ...definedIn({ until, reason }) };
  if (isOne(type, all)) {
    printer.document(await client.types.pause(type, options), () => `${type} is paused${end}`);
    return ExitCode.ok;
  }
  const types = await client.types.pauseAll(options);
  printer.document({ items: types }, () => [`${typesOf(types.length)} paused${end}`, ...alone(types)].join('; '));
  return ExitCode.ok;
}

export function resumeCommand(run: RunOnApi) {
  return apiCommand('resume', 'Ends the pause of a job type, or of all.')
    .argument('[type]', 'the job type')
    .option('--all', 'all types that were paused with --all')
    .addHelpText('after', examples('jobstream types resume email', 'jobstream types resume --all'))
    .action(run(resume));
}

async function resume(api: Api, type: string | undefined, { all }: ResumeOptions): Promise<ExitCode> {
  const { client, printer, signal } = api;
  if (isOne(type, all)) {
    const resumed = await client.types.resume(type, { signal });
    printer.document(resumed, () => `${type} is active, ${resumed.backlog} waiting`);
    return ExitCode.ok;
  }
  const types = await client.types.resumeAll({ signal });
  const active = types.filter(({ paused }) => !paused);
  printer.document({ items: types }, () => [`${typesOf(active.length)} active`, ...alone(types)].join('; '));
  return ExitCode.ok;
}

function isOne(type: string | undefined, all: true | undefined): type is string {
  if ((type === undefined) === (all === undefined)) throw new UsageError('give a job type, or --all');
  return type !== undefined;
}

function typesOf(count: number): string {
  return count === 1 ? '1 job type is' : `${count} job types are`;
}

/** Names the types with a pause of their own, which resume on their own. */
function alone(types: readonly JobType[]): readonly string[] {
  const names = types.filter(({ paused, pausedWithAll }) => paused && !pausedWithAll).map(({ type }) => type);
  return names.length === 0 ? [] : [`paused on their own: ${names.join(', ')}`];
}
