import { apiCommand, type Api, type ApiOptions, type RunOnApi } from '../../command/apiCommand.ts';
import { definedIn } from '../../command/definedIn.ts';
import { ExitCode } from '../../command/exitCode.ts';
import { examples } from '../../command/help.ts';
import { readPayload } from '../../command/readPayload.ts';
import { awaitEnd, waitOption } from '../awaitEnd.ts';
import { describeJob, noteExisting, outcomeOf } from '../describe/describeJob.ts';

interface RerunOptions extends ApiOptions {
  readonly payload?: string;
  readonly reason?: string;
  readonly wait?: number;
}

export function rerunCommand(run: RunOnApi) {
  return apiCommand('rerun', 'Creates a job like one that has ended, linked to it; the old one stays as it is.')
    .argument('<id>', 'the id of the job')
    .option('--payload <json>', 'another payload: itself, @file, or - for standard input')
    .option('--reason <text>', 'why; it is kept in the history')
    .addOption(waitOption())
    .addHelpText(
      'after',
      examples(
        'jobstream rerun 01a21007-5d41-7b37-bb26-e9f0e3028d57 --wait',
        `jobstream rerun 01a21007-5d41-7b37-bb26-e9f0e3028d57 --payload '{"to": "other@example.com"}'`,
      ),
    )
    .action(run(rerun));
}

async function rerun(api: Api, id: string, { payload, reason, wait }: RerunOptions): Promise<ExitCode> {
  const { client, printer, signal } = api;
  const changed = payload === undefined ? {} : { payload: await readPayload(payload, api) };
  const created = await client.jobs.rerun(id, { signal, ...changed, ...definedIn({ reason }) });
  noteExisting(created, printer);
  if (wait === undefined) {
    printer.document(created, () => `${printer.tone('strong', created.id)}  ${created.type}  ${created.status}`);
    return ExitCode.ok;
  }
  const ended = await awaitEnd(api, created.id, wait);
  printer.document({ ...ended, ...definedIn({ existing: created.existing }) }, () => describeJob(ended, printer));
  return outcomeOf(ended);
}
