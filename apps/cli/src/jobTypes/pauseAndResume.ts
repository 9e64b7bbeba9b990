import type { JobType } from '@jobstream/client';
import { apiCommand, type Api, type ApiOptions, type RunOnApi } from '../command/apiCommand.ts';
import { definedIn } from '../command/definedIn.ts';
import { ExitCode } from '../command/exitCode.ts';
import { CommandError, UsageError } from '../command/failure.ts';
import { examples } from '../command/help.ts';
import { time } from '../command/values.ts';

interface ResumeOptions extends ApiOptions {
  readonly all?: true;
}

interface PauseOptions extends ResumeOptions {
  readonly until?: string;
  readonly reason?: string;
  readonly new?: true;
}

export function pauseCommand(run: RunOnApi) {
  return apiCommand('pause', 'Pauses a job type, or all: no new attempt starts.')
    .argument('[type]', 'the job type')
    .option('--all', 'all types, and those that appear later')
    .option('--new', 'also a type that has neither jobs nor workers yet')
    .option('--until <time>', 'resume by itself at this time', time)
    .option('--reason <text>', 'why; it is shown with the pending jobs')
    .addHelpText(
      'after',
      examples(
        `jobstream types pause email --until 2030-01-31T09:00:00+01:00 --reason 'the mail server is down'`,
        `jobstream types pause --all --reason 'the database is moved'`,
      ),
    )
    .action(run(pause));
}

async function pause(api: Api, type: string | undefined, options: PauseOptions): Promise<ExitCode> {
  const { all, until, reason } = options;
  const { client, printer, signal } = api;
  const end = until === undefined ? '' : `, to resume ${printer.time(until)}`;
  const request = { signal, ...definedIn({ until, reason }) };
  if (isOne(type, all)) {
    if (!options.new) await assertKnown(type, api, '; with --new it is paused before it has any');
    printer.document(await client.types.pause(type, request), () => `${type} is paused${end}`);
    return ExitCode.ok;
  }
  const types = await client.types.pauseAll(request);
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
    await assertKnown(type, api);
    const resumed = await client.types.resume(type, { signal });
    printer.document(resumed, () => `${type} is active, ${resumed.backlog} pending`);
    return ExitCode.ok;
  }
  const types = await client.types.resumeAll({ signal });
  const active = types.filter(({ paused }) => !paused);
  printer.document({ items: types }, () => [`${typesOf(active.length)} active`, ...alone(types)].join('; '));
  return ExitCode.ok;
}

/** A misspelt type has no effect that anybody wants. @throws CommandError. */
async function assertKnown(type: string, { client, signal }: Api, advice = ''): Promise<void> {
  const types = await client.types.list({ signal });
  if (types.some((known) => known.type === type)) return;
  const names = types.map((known) => known.type).join(', ');
  throw new CommandError(`no job and no worker has the type ${type}: there are ${names || 'no types yet'}${advice}`);
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
