import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Api, RunOnApi } from '../command/apiCommand.ts';
import { ExitCode } from '../command/exitCode.ts';
import { CommandError } from '../command/failure.ts';
import { examples } from '../command/help.ts';
import { wholeNumber } from '../command/values.ts';
import { filteredCommand, filterOf, type FilterOptions } from './jobFilter.ts';

interface ExportOptions extends FilterOptions {
  readonly key?: string;
  readonly limit: number;
  readonly output?: string;
}

const LIMIT = 100;

export function exportCommand(run: RunOnApi) {
  return filteredCommand('export', 'Writes the jobs of a filter with all of their events into one file of JSON lines.')
    .option('--limit <n>', 'at most so many jobs, the newest; up to 1000', wholeNumber(1), LIMIT)
    .option('-o, --output <file>', 'write it there, and print its SHA-256; else it is printed')
    .addHelpText(
      'after',
      examples(
        'jobstream export --status failed --type email -o incident.jsonl',
        'jobstream export --tag order-4711 | jq .events',
      ),
    )
    .action(run(exportJobs));
}

async function exportJobs(
  { client, printer, signal, folder, stdout, url, env }: Api,
  options: ExportOptions,
): Promise<ExitCode> {
  const { limit, output, ...filter } = options;
  const key = (options.key ?? env['JOBSTREAM_KEY']) ? { key: '$JOBSTREAM_KEY' } : {};
  const { text, sha256, header } = await client.exportIncident(filterOf(filter), { limit, url, signal, ...key });
  if (output === undefined) stdout.write(text);
  else await save(path.resolve(folder, output), text);
  if (!header.complete)
    printer.note(`There are more jobs: the file has the newest ${header.jobs}. --limit <n> takes more.`);
  if (output !== undefined) printer.document({ file: output, sha256, ...header }, () => `${sha256}  ${output}`);
  return ExitCode.ok;
}

async function save(file: string, text: string): Promise<void> {
  await writeFile(file, text, { flag: 'wx', mode: 0o600 }).catch((error: NodeJS.ErrnoException) => {
    const reason = error.code === 'EEXIST' ? 'it exists, and is not overwritten' : error.message;
    throw new CommandError(`${file} cannot be written: ${reason}`, { cause: error });
  });
}
