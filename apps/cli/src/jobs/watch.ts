import type { JobEvent, JobEventName } from '@jobstream/client';
import { apiCommand, type Api, type ApiOptions, type RunOnApi } from '../command/apiCommand.ts';
import { definedIn } from '../command/definedIn.ts';
import { ExitCode } from '../command/exitCode.ts';
import { UsageError } from '../command/failure.ts';
import { examples } from '../command/help.ts';
import { repeated, wholeNumber } from '../command/values.ts';
import { describeEvent } from './describe/describeEvent.ts';

interface WatchOptions extends ApiOptions {
  readonly type?: readonly string[];
  readonly event?: readonly string[];
  readonly after?: number;
}

export function watchCommand(run: RunOnApi) {
  return apiCommand('watch', 'Follows the events of a job until it ends, or those of all jobs.')
    .argument('[id]', 'the id of a job; the exit code is 1 if it failed or was cancelled')
    .option('--type <type>', 'only jobs of this type; may be repeated', repeated)
    .option('--event <event>', 'only this event, e.g. JobFailed; may be repeated', repeated)
    .option('--after <sequence>', 'begin after this place in the log; 0 is its beginning', wholeNumber(0))
    .addHelpText(
      'after',
      examples('jobstream watch 01a21007-5d41-7b37-bb26-e9f0e3028d57', 'jobstream watch --event JobFailed --json'),
    )
    .action(run(watch));
}

async function watch(api: Api, id: string | undefined, options: WatchOptions): Promise<ExitCode> {
  if (id === undefined) return watchAll(api, options);
  if (options.type !== undefined || options.event !== undefined) {
    throw new UsageError('--type and --event select among the events of all jobs: leave them out, or the id');
  }
  return watchJob(api, id, options);
}

async function watchAll(api: Api, { type, event, after }: WatchOptions): Promise<ExitCode> {
  const events = event as readonly JobEventName[] | undefined;
  const { printer, client, signal, url } = api;
  if (!printer.json) printer.note(`Following the events of ${url}; Ctrl-C ends it.`);
  for await (const one of client.events({ signal, ...definedIn({ types: type, events, after }) })) {
    printer.document(one, () => describeEvent(one, printer, [one.jobType, one.jobId]));
  }
  return ExitCode.ok;
}

async function watchJob({ client, printer, signal }: Api, id: string, { after }: WatchOptions): Promise<ExitCode> {
  let last: JobEvent | undefined;
  for await (const one of client.jobs.events(id, { signal, ...definedIn({ after }) })) {
    printer.document(one, () => describeEvent(one, printer));
    last = one;
  }
  if (last === undefined) return outcomeWithoutEvents({ client, signal }, id);
  return last.event === 'JobCompleted' ? ExitCode.ok : ExitCode.negative;
}

/** With `--after`, all events of an ended job may be before it. */
async function outcomeWithoutEvents({ client, signal }: Pick<Api, 'client' | 'signal'>, id: string): Promise<ExitCode> {
  const { status } = await client.jobs.get(id, { signal });
  return status === 'completed' ? ExitCode.ok : ExitCode.negative;
}
