import type { JobStatus, Stats } from '@jobstream/client';
import { apiCommand, type Api, type ApiOptions, type RunOnApi } from '../command/apiCommand.ts';
import { ExitCode } from '../command/exitCode.ts';
import { examples } from '../command/help.ts';
import { formatDuration } from '../output/times.ts';
import { formatTable, type Column } from '../output/table.ts';

type TypeRow = readonly [type: string, counts: Stats['jobs']['byStatus']];

const STATUSES: readonly JobStatus[] = [
  'scheduled',
  'pending',
  'processing',
  'retrying',
  'completed',
  'failed',
  'cancelled',
];

export function statsCommand(run: RunOnApi) {
  return apiCommand('stats', 'Shows how many jobs there are, by type and status, and how far the table is.')
    .addHelpText('after', examples('jobstream stats', 'jobstream stats --json | jq .jobs.byStatus.failed'))
    .action(run(showStats));
}

async function showStats({ client, printer, signal, stdout }: Api, _options: ApiOptions): Promise<ExitCode> {
  const stats = await client.stats({ signal });
  const layout = { width: stdout.columns, heading: (text: string) => printer.tone('quiet', text) };
  printer.document(stats, () => {
    const rows: readonly TypeRow[] = [...Object.entries(stats.jobs.byType), ['all', stats.jobs.byStatus]];
    return [formatTable(rows, columns(stats), layout), ...describeLag(stats)].join('\n');
  });
  return ExitCode.ok;
}

/** Only the statuses that some job has. */
function columns({ jobs }: Stats): readonly Column<TypeRow>[] {
  const present = STATUSES.filter((status) => (jobs.byStatus[status] ?? 0) > 0);
  return [
    { title: 'TYPE', value: ([type]) => type, flexible: true },
    ...present.map((status) => ({
      title: status.toUpperCase(),
      value: ([, counts]: TypeRow) => String(counts[status] ?? 0),
      right: true as const,
    })),
  ];
}

/** Callers with a tenant are not told. */
function describeLag({ projector }: Stats): readonly string[] {
  if (projector === undefined) return [];
  const { lagEvents, lagMs } = projector;
  if (lagEvents === null) return ['The log is unavailable: how far the table is behind it is not known.'];
  return lagEvents === 0 ? [] : [`The table is ${lagEvents} events (${formatDuration(lagMs ?? 0)}) behind the log.`];
}
