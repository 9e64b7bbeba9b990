import { Option } from '@commander-js/extra-typings';
import type { Activity, JobStatus, Stats, TypeActivity } from '@jobstream/client';
import { apiCommand, type Api, type ApiOptions, type RunOnApi } from '../command/apiCommand.ts';
import { definedIn } from '../command/definedIn.ts';
import { ExitCode } from '../command/exitCode.ts';
import { examples } from '../command/help.ts';
import { asOfTime, period } from '../command/values.ts';
import { formatDuration } from '../output/times.ts';
import { formatTable, type Column } from '../output/table.ts';
import { countOf } from '../output/countOf.ts';

type TypeRow = readonly [type: string, counts: Stats['jobs']['byStatus']];

type ActivityRow = readonly [type: string, activity: TypeActivity];

const COUNTS = ['created', 'completed', 'failed', 'retried'] as const;
const SHOWN_DURATIONS = [
  ['RUN P50', ({ runTimeMs }: TypeActivity) => runTimeMs?.p50],
  ['RUN P95', ({ runTimeMs }: TypeActivity) => runTimeMs?.p95],
  ['WAIT P50', ({ waitTimeMs }: TypeActivity) => waitTimeMs?.p50],
  ['WAIT P95', ({ waitTimeMs }: TypeActivity) => waitTimeMs?.p95],
] as const;
const ACTIVITY_COLUMNS: readonly Column<ActivityRow>[] = [
  { title: 'TYPE', value: ([type]) => type, flexible: true },
  ...COUNTS.map((name) => ({
    title: name.toUpperCase(),
    value: ([, activity]: ActivityRow) => String(activity[name]),
    right: true as const,
  })),
  ...SHOWN_DURATIONS.map(([title, msOf]) => ({
    title,
    value: ([, activity]: ActivityRow) => durationText(msOf(activity)),
    right: true as const,
  })),
];

const STATUSES: readonly JobStatus[] = [
  'scheduled',
  'pending',
  'processing',
  'waiting',
  'retrying',
  'completed',
  'failed',
  'cancelled',
];

export function statsCommand(run: RunOnApi) {
  return apiCommand('stats', 'Shows how many jobs there are, by type and status, and how far the table is.')
    .option('--window <time>', 'what happened in the last minutes, hours or days instead, e.g. 15m, 24h, 30d', period)
    .addOption(
      new Option('--as-of <time>', 'how many there were then, e.g. 2030-01-31T03:12:00Z, "10m ago", or a sequence')
        .argParser(asOfTime)
        .conflicts('window'),
    )
    .option('--type <type>', 'of the jobs of this type alone')
    .addHelpText(
      'after',
      examples(
        'jobstream stats',
        'jobstream stats --window 1h --type email',
        'jobstream stats --as-of "10m ago"',
        'jobstream stats --json | jq .jobs.byStatus.failed',
      ),
    )
    .action(run(showStats));
}

interface StatsOptions extends ApiOptions {
  readonly window?: string;
  readonly asOf?: string;
  readonly type?: string;
}

async function showStats(api: Api, { window, asOf, type }: StatsOptions): Promise<ExitCode> {
  const { client, printer, signal } = api;
  const stats = await client.stats({ signal, ...definedIn({ window, asOf, type }) });
  printer.document(stats, () =>
    [
      ...(stats.activity ? describeActivity(stats.activity, api) : describeCounts(stats, api)),
      ...describeLag(stats),
    ].join('\n'),
  );
  return ExitCode.ok;
}

function layoutFor({ printer, stdout }: Api) {
  return { width: stdout.columns, heading: (text: string) => printer.tone('quiet', text) };
}

function describeCounts(stats: Stats, api: Api): readonly string[] {
  const rows: readonly TypeRow[] = [...Object.entries(stats.jobs.byType), ['all', stats.jobs.byStatus]];
  return [formatTable(rows, columns(stats), layoutFor(api))];
}

/** The range is that of whole minutes, hours or days, so it is said. */
function describeActivity(activity: Activity, api: Api): readonly string[] {
  const { from, to, byType, total, incompleteBefore } = activity;
  const { clock } = api.printer;
  const rows: readonly ActivityRow[] = [...Object.entries(byType), ['all', total]];
  const gap = incompleteBefore === undefined ? [] : [`Events before ${clock(incompleteBefore)} may be missing.`];
  return [formatTable(rows, ACTIVITY_COLUMNS, layoutFor(api)), `From ${clock(from)} to ${clock(to)}.`, ...gap];
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
  return lagEvents === 0
    ? []
    : [`The table is ${countOf(lagEvents, 'event')} (${formatDuration(lagMs ?? 0)}) behind the log.`];
}

function durationText(ms: number | undefined): string {
  return ms === undefined ? '' : formatDuration(ms);
}
