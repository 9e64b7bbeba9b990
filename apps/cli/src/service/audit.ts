import type { AuditRecord } from '@jobstream/client';
import { apiCommand, type Api, type ApiOptions, type RunOnApi } from '../command/apiCommand.ts';
import { definedIn } from '../command/definedIn.ts';
import { ExitCode } from '../command/exitCode.ts';
import { firstOf } from '../command/firstOf.ts';
import { examples } from '../command/help.ts';
import { PAST_TIMES, pastTime, wholeNumber } from '../command/values.ts';
import type { Printer, Tone } from '../output/printer.ts';
import type { Column } from '../output/table.ts';

interface AuditOptions extends ApiOptions {
  readonly actor?: string;
  readonly action?: string;
  readonly subject?: string;
  readonly from?: string;
  readonly to?: string;
  readonly limit: number;
}

const DEFAULT_LIMIT = 50;
const TONES: Readonly<Record<AuditRecord['outcome'], Tone>> = { succeeded: 'good', refused: 'bad', unknown: 'busy' };

export function auditCommand(run: RunOnApi) {
  return apiCommand('audit', 'Lists who changed what, newest first. It needs the scope admin.')
    .option('--actor <id>', 'changes by this key or subject of a token')
    .option('--action <action>', 'changes of this kind, e.g. job.cancel')
    .option('--subject <id>', 'changes of this job, type, schedule, key or operation')
    .option('--from <time>', `from then on: ${PAST_TIMES}`, pastTime)
    .option('--to <time>', 'before then', pastTime)
    .option('--limit <records>', 'at most so many', wholeNumber(1), DEFAULT_LIMIT)
    .addHelpText('after', examples('jobstream audit --action key.create', 'jobstream audit --subject nightly --json'))
    .action(run(listAudit));
}

async function listAudit({ client, printer, signal }: Api, options: AuditOptions): Promise<ExitCode> {
  const { actor, action, subject: subjectId, from, to, limit } = options;
  const records = client.audit.list(definedIn({ actor, action, subjectId, from, to }), { signal });
  await printer.table(firstOf(records, limit), columns(printer), 'There are no such changes.');
  return ExitCode.ok;
}

function columns(printer: Printer): readonly Column<AuditRecord>[] {
  return [
    { title: 'WHEN', value: ({ at }) => printer.time(at) },
    { title: 'ACTOR', value: ({ actor }) => actor.id },
    { title: 'ACTION', value: ({ action }) => action },
    {
      title: 'OUTCOME',
      value: ({ outcome }) => outcome,
      paint: (text, { outcome }) => printer.tone(TONES[outcome], text),
    },
    { title: 'SUBJECT', value: ({ subject }) => subject.id ?? '' },
    { title: 'REASON', value: ({ reason, problem }) => reason ?? problem ?? '', flexible: true },
  ];
}
