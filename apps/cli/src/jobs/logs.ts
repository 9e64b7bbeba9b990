import type { LogLine } from '@jobstream/client';
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
  readonly follow?: true;
}

const TONES: Readonly<Record<LogLine['level'], Tone>> = { debug: 'quiet', info: 'good', warn: 'busy', error: 'bad' };
const LEVEL_WIDTH = 'debug'.length;

export function logsCommand(run: RunOnApi) {
  return apiCommand('logs', 'Shows what the handler of a job has logged.')
    .argument('<id>', 'the id of the job')
    .option('--attempt <n>', 'of this attempt; default: the last that has begun', wholeNumber(1))
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
  const begun = (await client.jobs.get(id, { signal })).attempt;
  const attempt = options.attempt ?? Math.max(1, begun);
  // One that will begin can be followed.
  if (attempt > begun && options.attempt !== undefined && !options.follow)
    throw new CommandError(`there is no attempt ${attempt}: the job has had ${countOf(begun, 'attempt')}`);
  const lines = options.follow
    ? client.jobs.followLogs(id, attempt, { signal })
    : client.jobs.logs(id, attempt, { signal });
  let count = 0;
  for await (const line of lines) {
    printer.document(line, () => describeLine(line, printer));
    count += 1;
  }
  if (count === 0 && !printer.json) printer.note(`There are no lines of attempt ${attempt}.`);
  return ExitCode.ok;
}

function describeLine({ time, level, message, fields = {} }: LogLine, printer: Printer): string {
  const shown = Object.entries(fields).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  const parts = [printer.tone('quiet', printer.clock(time)), printer.tone(TONES[level], level.padEnd(LEVEL_WIDTH))];
  return [...parts, plainText(message), printer.tone('quiet', plainText(shown.join(' ')))].join('  ').trimEnd();
}
