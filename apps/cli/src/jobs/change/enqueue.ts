import type { CreatedJob, NewJob, NewUnique, Priority } from '@jobstream/client';
import { Option } from '@commander-js/extra-typings';
import { apiCommand, type Api, type ApiOptions, type RunOnApi } from '../../command/apiCommand.ts';
import { definedIn } from '../../command/definedIn.ts';
import { ExitCode } from '../../command/exitCode.ts';
import { UsageError } from '../../command/failure.ts';
import { examples } from '../../command/help.ts';
import { readPayload } from '../../command/readPayload.ts';
import { duration, repeated, time, wholeNumber } from '../../command/values.ts';
import { plainText } from '../../output/table.ts';
import { awaitEnd, waitOption } from '../awaitEnd.ts';
import { priorityOption } from './priority.ts';
import { describeJob, noteExisting, outcomeOf } from '../describe/describeJob.ts';

interface EnqueueOptions extends ApiOptions {
  readonly delay?: number;
  readonly runAt?: string;
  readonly maxAttempts?: number;
  readonly timeout?: number;
  readonly tag?: readonly string[];
  readonly priority?: Priority;
  readonly uniqueBy?: readonly string[];
  readonly uniqueWhile?: 'waiting' | 'unfinished';
  readonly uniqueFor?: number;
  readonly onConflict?: 'keep' | 'replace' | 'debounce';
  readonly idempotencyKey?: string;
  readonly wait?: number;
  readonly quiet?: true;
}

export function enqueueCommand(run: RunOnApi) {
  return apiCommand('enqueue', 'Creates a job.')
    .argument('<type>', 'the type of the job, e.g. email')
    .argument('[payload]', 'JSON, - for standard input, or @file')
    .option('--delay <duration>', 'run it after this time, e.g. 5m', duration)
    .option('--run-at <time>', 'run it at this time, e.g. 2030-01-31T09:00:00+01:00', time)
    .option('--max-attempts <n>', 'how often it is tried', wholeNumber(1))
    .option('--timeout <duration>', 'how long one attempt may take', duration)
    .option('--tag <tag>', 'a tag; may be repeated', repeated)
    .addOption(priorityOption())
    .option(
      '--unique-by <path>',
      'none is created where there is a job with the same value, e.g. at payload.userId; may be repeated',
      repeated,
    )
    .addOption(uniqueWhileOption())
    .option('--unique-for <duration>', 'with --unique-by: which were created in this time, e.g. 1h', duration)
    .addOption(onConflictOption())
    .option('--idempotency-key <key>', 'the same key creates the job only once, however often the command runs')
    .addOption(waitOption())
    .option('-q, --quiet', 'print its id alone; with --wait the exit code tells how it ended')
    .addHelpText(
      'after',
      examples(
        `jobstream enqueue email '{"to": "user@example.com"}' --wait 30s`,
        'jobstream enqueue report @report.json --run-at 2030-01-31T09:00:00+01:00 --tag monthly',
        `jq '{to: .address}' user.json | jobstream enqueue email - --idempotency-key welcome-4711`,
        `jobstream enqueue sync-account '{"userId": "4711"}' --unique-by payload.userId`,
      ),
    )
    .action(run(enqueue));
}

function uniqueWhileOption() {
  const description = 'with --unique-by: which jobs count: those before their first start, or all that have not ended';
  return new Option('--unique-while <state>', `${description} (default)`).choices(['waiting', 'unfinished'] as const);
}

function onConflictOption() {
  const description =
    'with --unique-by: what becomes of a job that has not started: nothing, this payload, or also the --delay';
  return new Option('--on-conflict <deed>', description).choices(['keep', 'replace', 'debounce'] as const);
}

async function enqueue(
  api: Api,
  type: string,
  payload: string | undefined,
  options: EnqueueOptions,
): Promise<ExitCode> {
  const { client, printer, signal } = api;
  const job = { type, ...definedIn(jobOptions(options)), ...(await payloadOf(payload, api)) };
  const created = await client.jobs.create(job, { signal, ...definedIn({ idempotencyKey: options.idempotencyKey }) });
  for (const { detail } of created.warnings ?? []) printer.note(`warning: ${plainText(detail)}`);
  if (options.quiet !== true) noteExisting(created, printer);
  if (options.wait === undefined) {
    print(created, api, options);
    return ExitCode.ok;
  }
  const ended = await awaitEnd(api, created.id, options.wait);
  printer.document({ ...ended, ...definedIn({ existing: created.existing }) }, () =>
    options.quiet ? ended.id : describeJob(ended, printer),
  );
  return outcomeOf(ended);
}

async function payloadOf(given: string | undefined, api: Api): Promise<Pick<NewJob, 'payload'>> {
  return given === undefined ? {} : { payload: await readPayload(given, api) };
}

function jobOptions(options: EnqueueOptions) {
  const { delay, runAt, maxAttempts, timeout, tag, priority } = options;
  if (delay !== undefined && runAt !== undefined) {
    throw new UsageError('give --delay or --run-at, not both');
  }
  return { delayMs: delay, runAt, maxAttempts, timeoutMs: timeout, tags: tag, priority, unique: uniqueOf(options) };
}

function uniqueOf(options: EnqueueOptions): NewUnique | undefined {
  const { uniqueBy: by, uniqueWhile: state, uniqueFor: forMs, onConflict } = options;
  if (state !== undefined && forMs !== undefined) {
    throw new UsageError('give --unique-while or --unique-for, not both');
  }
  if (by !== undefined) return { by, ...definedIn({ onConflict }), ...ruleOf(state, forMs) };
  if (state === undefined && forMs === undefined && onConflict === undefined) return undefined;
  throw new UsageError('--unique-while, --unique-for and --on-conflict go with --unique-by');
}

function ruleOf(state: EnqueueOptions['uniqueWhile'], forMs: number | undefined) {
  return forMs === undefined ? definedIn({ while: state }) : { forMs };
}

function print(created: CreatedJob, { printer }: Api, { quiet }: EnqueueOptions): void {
  const { id, type, status } = created;
  printer.document(created, () => (quiet ? id : `${printer.tone('strong', id)}  ${type}  ${status}`));
}
