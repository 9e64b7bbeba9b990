import type { Job, JobEvent, LogLine } from '@jobstream/client';
import { apiCommand, type Api, type ApiOptions, type RunOnApi } from '../command/apiCommand.ts';
import { ExitCode } from '../command/exitCode.ts';
import { CommandError } from '../command/failure.ts';
import { examples } from '../command/help.ts';
import { wholeNumber } from '../command/values.ts';
import { countOf } from '../output/countOf.ts';
import type { Printer, Tone } from '../output/printer.ts';
import { plainText } from '../output/table.ts';

interface LogsOptions extends ApiOptions {
  readonly attempt?: number;
  readonly retry?: number;
  readonly follow?: true;
}

const TONES: Readonly<Record<LogLine['level'], Tone>> = { debug: 'quiet', info: 'good', warn: 'busy', error: 'bad' };
const LEVEL_WIDTH = 'debug'.length;

export function logsCommand(run: RunOnApi) {
  return apiCommand('logs', 'Shows what the handler of a job has logged.')
    .argument('<id>', 'the id of the job')
    .option('--attempt <n>', 'of this attempt; default: the last that has begun', wholeNumber(1))
    .option(
      '--retry <n>',
      'after this retry by hand, 0: before the first; default: the last with such an attempt',
      wholeNumber(0),
    )
    .option('--follow', 'also what it logs from now on, until the attempt is over')
    .addHelpText(
      'after',
      examples(
        'jobstream logs 01a21007-5d41-7b37-bb26-e9f0e3028d57 --follow',
        'jobstream logs 01a21007-5d41-7b37-bb26-e9f0e3028d57 --attempt 1 --json | jq .message',
      ),
    )
    .action(run(showLogs));
}

async function showLogs({ client, printer, signal }: Api, id: string, options: LogsOptions): Promise<ExitCode> {
  const [job, history] = await Promise.all([client.jobs.get(id, { signal }), client.jobs.history(id, { signal })]);
  const lives = livesIn(history);
  const { life, attempt } = chosenAttempt(lives, job, options);
  if (lives.length > 1) printer.note(describeLife(lives, { life, attempt }, printer));
  const lines = options.follow
    ? client.jobs.followLogs(id, attempt, { signal })
    : client.jobs.logs(id, attempt, { signal });
  const ofOthers = new Set(lives.flatMap(({ runs }, index) => (index === life ? [] : runs.map((run) => run.id))));
  let count = 0;
  for await (const line of lines) {
    if (ofOthers.has(line.runId)) continue;
    printer.document(line, () => describeLine(line, printer));
    count += 1;
  }
  if (count === 0 && !printer.json) printer.note(`There are no lines of attempt ${attempt}.`);
  return ExitCode.ok;
}

/** What a job has done since its creation or a retry by hand: the numbers of its attempts begin anew. */
interface Life {
  /** When it was retried; undefined for the first life. */
  readonly since: string | undefined;
  /** With the id that its lines have. An attempt that was released, or has slept, has several. */
  readonly runs: { readonly id: string; readonly attempt: number }[];
}

interface Chosen {
  /** How many retries were before it. */
  readonly life: number;
  readonly attempt: number;
}

function livesIn(history: readonly JobEvent[]): readonly Life[] {
  const lives: Life[] = [{ since: undefined, runs: [] }];
  for (const event of history) {
    if (event.event === 'JobRequeued' || event.event === 'JobRequeuedWithPriority')
      lives.push({ since: event.at, runs: [] });
    if (event.event === 'JobStarted' || event.event === 'JobResumed')
      lives.at(-1)?.runs.push({ id: event.id, attempt: event.data.attempt });
  }
  return lives;
}

/** The last attempt that the options match; one that will begin can be followed. */
function chosenAttempt(lives: readonly Life[], { attempt: begun }: Job, options: LogsOptions): Chosen {
  const current = lives.length - 1;
  const { retry = options.follow ? current : undefined } = options;
  const run = lives
    .flatMap(({ runs }, life) => (retry === undefined || retry === life ? runs.map((one) => ({ ...one, life })) : []))
    .findLast(isAsked(options));
  if (run !== undefined) return run;
  // The log may have lost the beginning of the history.
  const last = Math.max(1, begun);
  const asked = options.attempt ?? last;
  const isCurrent = retry === undefined || retry === current;
  if (isCurrent && (options.follow || asked <= last)) return { life: current, attempt: asked };
  throw noAttempt(asked, lives, options);
}

function noAttempt(asked: number, lives: readonly Life[], { retry }: LogsOptions): CommandError {
  const had = new Set(lives.flatMap(({ runs }, index) => runs.map(({ attempt }) => `${index}/${attempt}`)));
  const after = retry === undefined ? '' : ` after retry ${retry}`;
  return new CommandError(`there is no attempt ${asked}${after}: the job has had ${countOf(had.size, 'attempt')}`);
}

const isAsked =
  ({ attempt: asked }: LogsOptions) =>
  ({ attempt }: { readonly attempt: number }) =>
    (asked ?? attempt) === attempt;

/** Says of a job that was retried by hand which of the attempts with a number is meant. */
function describeLife(lives: readonly Life[], { life, attempt }: Chosen, { time }: Printer): string {
  const { since = lives[1]?.since ?? '' } = lives[life] ?? {};
  const others = lives.flatMap(({ runs }, index) =>
    index !== life && runs.some((run) => run.attempt === attempt) ? [`--retry ${index}`] : [],
  );
  const where = others.length === 0 ? '' : `; another one has that number: ${others.join(', ')}`;
  return `Attempt ${attempt} ${life === 0 ? 'before' : 'after'} the retry ${time(since)}${where}.`;
}

function describeLine({ time, level, message, fields = {} }: LogLine, printer: Printer): string {
  const shown = Object.entries(fields).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  const parts = [printer.tone('quiet', printer.clock(time)), printer.tone(TONES[level], level.padEnd(LEVEL_WIDTH))];
  return [...parts, plainText(message), printer.tone('quiet', plainText(shown.join(' ')))].join('  ').trimEnd();
}
