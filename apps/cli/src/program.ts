import { Command } from '@commander-js/extra-typings';
import { JobstreamError } from '@jobstream/client';
import { CommanderError, type Command as AnyCommand } from 'commander';
import { openApi, type Api, type ApiOptions, type RunOnApi } from './command/apiCommand.ts';
import { ExitCode } from './command/exitCode.ts';
import { CommandError, describeApiError, UsageError } from './command/failure.ts';
import { helpLayout } from './command/help.ts';
import type { RunHere } from './command/runHere.ts';
import type { Surroundings } from './command/surroundings.ts';
import { cancelCommand, retryCommand, runNowCommand } from './jobs/change/changeCommands.ts';
import { compareCommand } from './jobs/compare.ts';
import { enqueueCommand } from './jobs/change/enqueue.ts';
import { exportCommand } from './jobs/export.ts';
import { getCommand } from './jobs/get.ts';
import { listCommand } from './jobs/list.ts';
import { logsCommand } from './jobs/logs.ts';
import { priorityCommand } from './jobs/change/priority.ts';
import { replayCommand } from './jobs/change/replay.ts';
import { rerunCommand } from './jobs/change/rerun.ts';
import { signalCommand } from './jobs/change/signal.ts';
import { watchCommand } from './jobs/watch.ts';
import { whyCommand } from './jobs/why.ts';
import { operationsCommand } from './operations/operationsGroup.ts';
import { schedulesCommand } from './schedules/schedules.ts';
import { auditCommand } from './service/audit.ts';
import { failuresCommand } from './service/failures.ts';
import { proofCommand } from './service/proof.ts';
import { statsCommand } from './service/stats.ts';
import { topCommand } from './service/top.ts';
import { workersCommand } from './service/workers.ts';
import { typesCommand } from './jobTypes/typesGroup.ts';
import { devCommand } from './system/dev.ts';
import { passesOn, systemCommands } from './system/passOn.ts';

const SUMMARY = 'Runs a Jobstream system on this machine, and creates, follows and changes the jobs of any.';
const NOTES = `
Environment:
  JOBSTREAM_URL  the address of the API; without it the system that runs in this folder, else http://127.0.0.1:3000
  JOBSTREAM_KEY  an API key or a token
  NO_COLOR       no colours

Exit codes: 0 fine, 1 the thing asked about is not so (a job failed), 2 it could not be done, 64 wrong usage.
`;

type OwnArguments<Work> = Work extends (first: never, ...own: infer Own) => unknown ? Own : never;

/** Runs a command line, without the name of the program, to its end; writes why when it cannot be done. */
export async function runCommandLine(args: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  let exitCode: ExitCode = ExitCode.ok;
  const onApi: RunOnApi =
    (work) =>
    async (...given) => {
      // commander appends the command itself to its arguments and options.
      const own = given.slice(0, -1) as OwnArguments<typeof work>;
      exitCode = await workOnApi((api) => work(api, ...own), own.at(-1) as ApiOptions, surroundings);
    };
  const here: RunHere =
    (work) =>
    async (...given) => {
      exitCode = await work(surroundings, ...(given.slice(0, -1) as OwnArguments<typeof work>));
    };
  const program = createProgram(commands(onApi, here), surroundings);
  try {
    await program.parseAsync(withSubcommand(args, program), { from: 'user' });
    return exitCode;
  } catch (error) {
    return explain(error, surroundings);
  }
}

/**
 * A group of commands alone lists what it is about. A default command of commander would do the same, but take a misspelt command for
 * an argument that is too many.
 */
function withSubcommand(args: readonly string[], program: AnyCommand): readonly string[] {
  const [name, next = ''] = args;
  const group = program.commands.find((command) => command.name() === name);
  const lists = group?.commands.some((command) => command.name() === 'list');
  if (name === undefined || !lists || ['-h', '--help'].includes(next) || /^[^-]/u.test(next)) return args;
  return [name, 'list', ...args.slice(1)];
}

async function workOnApi(
  work: (api: Api) => Promise<ExitCode>,
  options: ApiOptions,
  surroundings: Surroundings,
): Promise<ExitCode> {
  const api = openApi(options, surroundings);
  try {
    return await work(api);
  } catch (error) {
    if (!(error instanceof JobstreamError)) throw error;
    throw new CommandError(describeApiError(error, api.url), { cause: error });
  }
}

/** All commands, in the order of the help. */
function commands(onApi: RunOnApi, here: RunHere): AnyCommand[] {
  const ofApi = [
    enqueueCommand,
    getCommand,
    whyCommand,
    compareCommand,
    listCommand,
    exportCommand,
    watchCommand,
    logsCommand,
    cancelCommand,
    retryCommand,
    runNowCommand,
    priorityCommand,
    signalCommand,
    rerunCommand,
    replayCommand,
    operationsCommand,
    typesCommand,
    schedulesCommand,
    workersCommand,
    topCommand,
    statsCommand,
    failuresCommand,
    auditCommand,
    proofCommand,
  ];
  return [devCommand(here), ...ofApi.map((command) => command(onApi)), ...systemCommands(here)] as AnyCommand[];
}

function createProgram(all: readonly AnyCommand[], { stdout, stderr, version }: Surroundings): AnyCommand {
  const program = new Command('jobstream')
    .description(SUMMARY)
    .version(version, '-V, --version')
    .addHelpText('after', NOTES) as AnyCommand;
  for (const command of all) program.addCommand(command);
  const width = () => stdout.columns ?? 100;
  program
    .exitOverride()
    .configureHelp(helpLayout)
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      getOutHelpWidth: width,
      getErrHelpWidth: width,
      outputError: (text, write) => write(text.replace(/^error: /u, 'jobstream: ')),
    });
  inheritSettings(program, 'jobstream');
  return program;
}

/** Commands that were declared on their own have none of the settings of their program. */
function inheritSettings(parent: AnyCommand, typed: string): void {
  parent.showHelpAfterError(`For help: ${typed} --help`);
  for (const command of parent.commands) {
    command.copyInheritedSettings(parent);
    if (passesOn(command.name())) command.helpOption(false);
    inheritSettings(command, `${typed} ${command.name()}`);
  }
}

/** Writes what went wrong in a sentence, and returns the exit code that says so. */
function explain(error: unknown, { stderr, signal }: Surroundings): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
  if (signal.aborted) return ExitCode.interrupted;
  stderr.write(`jobstream: ${error instanceof Error ? error.message : String(error)}\n`);
  return error instanceof UsageError ? ExitCode.usage : ExitCode.failed;
}
