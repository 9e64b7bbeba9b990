import { Option } from '@commander-js/extra-typings';
import type { CatchUpPolicy, NewSchedule, Priority } from '@jobstream/client';
import { apiCommand, type Api, type ApiOptions, type RunOnApi } from '../command/apiCommand.ts';
import { definedIn } from '../command/definedIn.ts';
import { ExitCode } from '../command/exitCode.ts';
import { examples } from '../command/help.ts';
import { readPayload } from '../command/readPayload.ts';
import { duration, repeated, wholeNumber } from '../command/values.ts';
import { priorityOption } from '../jobs/change/priority.ts';
import { plainText } from '../output/table.ts';
import { describeSchedule } from './describeSchedule.ts';

interface CreateOptions extends ApiOptions {
  readonly timeZone?: string;
  readonly disabled?: true;
  readonly replace?: true;
  readonly catchUp?: CatchUpPolicy;
  readonly maxAttempts?: number;
  readonly timeout?: number;
  readonly tag?: readonly string[];
  readonly priority?: Priority;
}

export function createScheduleCommand(run: RunOnApi) {
  return apiCommand('create', 'Creates a schedule.')
    .argument('<name>', 'the name of the schedule')
    .argument('<cron>', 'when: minute, hour, day of the month, month, day of the week')
    .argument('<type>', 'the type of the jobs')
    .argument('[payload]', 'their payload: JSON, - for standard input, or @file')
    .option('--time-zone <zone>', 'the time zone of the cron expression, e.g. Europe/Berlin (default: UTC)')
    .option('--disabled', 'create no jobs until it is replaced')
    .option('--replace', 'replace the schedule of this name; what is left out gets its default')
    .addOption(
      new Option('--catch-up <policy>', 'which missed times create jobs').choices(['skip', 'latest', 'all'] as const),
    )
    .option('--max-attempts <n>', 'how often a job is tried', wholeNumber(1))
    .option('--timeout <duration>', 'how long one attempt may take', duration)
    .option('--tag <tag>', 'a tag of the jobs; may be repeated', repeated)
    .addOption(priorityOption())
    .addHelpText(
      'after',
      examples(`jobstream schedules create nightly-report '0 3 * * *' report --time-zone Europe/Berlin`),
    )
    .action(run(createSchedule));
}

/** What a schedule is made of, as it was typed. */
type Words = readonly [name: string, cron: string, type: string, payload: string | undefined];

async function createSchedule(api: Api, ...[name, cron, type, payload, options]: [...Words, CreateOptions]) {
  const { client, printer, signal } = api;
  const definition = await definitionOf([name, cron, type, payload], options, api);
  const { schedules } = client;
  const schedule = await (options.replace
    ? schedules.replace(definition, { signal })
    : schedules.create(definition, { signal }));
  for (const { detail } of schedule.warnings ?? []) printer.note(`warning: ${plainText(detail)}`);
  printer.document(schedule, () => describeSchedule(schedule, printer));
  return ExitCode.ok;
}

async function definitionOf([name, cron, type, given]: Words, options: CreateOptions, api: Api): Promise<NewSchedule> {
  const { timeZone, disabled, catchUp, maxAttempts, timeout, tag, priority } = options;
  const payload = given === undefined ? undefined : await readPayload(given, api);
  return {
    name,
    cron,
    enabled: disabled !== true,
    job: { type, ...definedIn({ payload, maxAttempts, timeoutMs: timeout, tags: tag, priority }) },
    ...definedIn({ timeZone, catchUp: catchUp && { policy: catchUp } }),
  };
}
