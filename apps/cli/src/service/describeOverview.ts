import type { Failures, JobType, Stats, TypeActivity, TypeBacklog, Worker } from '@jobstream/client';
import type { Printer, Tone } from '../output/printer.ts';
import { formatTable, plainText, type Column } from '../output/table.ts';
import { formatDuration } from '../output/times.ts';
import { countOf } from '../output/countOf.ts';

/** What `top` shows. Callers with a tenant are told neither types nor workers. */
export interface Overview {
  readonly stats: Stats;
  readonly types?: readonly JobType[];
  readonly workers?: readonly Worker[];
  readonly failures: Failures;
}

interface Layout {
  readonly printer: Pick<Printer, 'tone' | 'time'>;
  /** Columns of the terminal; undefined when there is none. */
  readonly width: number | undefined;
}

interface TypeRow {
  readonly type: string;
  readonly backlog: TypeBacklog | undefined;
  readonly activity: TypeActivity | undefined;
  readonly paused: boolean;
}

type Failure = Failures['items'][number];

const NARROW = 72;
const BARS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;
const MINUTE_MS = 60_000;
const MINUTES_SHOWN = 60;

/** Makes the lines of the overview: the figures, the types with the oldest backlog first, and the largest groups of failures. */
export function describeOverview(overview: Overview, layout: Layout): readonly string[] {
  const { printer, width } = layout;
  const table = { width, heading: (text: string) => printer.tone('quiet', text) };
  const failures = overview.failures.items;
  return [
    ...figures(overview, printer),
    ...chart(overview.stats, layout),
    '',
    ...formatTable(rowsOf(overview), typeColumns(layout), table).split('\n'),
    ...(failures.length === 0 ? [] : ['', ...formatTable(failures, failureColumns(layout), table).split('\n')]),
  ];
}

function figures(overview: Overview, { tone }: Layout['printer']): readonly string[] {
  const { stats } = overview;
  const { pending = 0, processing = 0, waiting = 0, retrying = 0 } = stats.jobs.byStatus;
  const oldest = Math.max(0, ...Object.values(stats.backlog ?? {}).map(({ oldestAgeMs = 0 }) => oldestAgeMs));
  const forHowLong = oldest > 0 ? `, the oldest for ${formatDuration(oldest)}` : '';
  const sleeping = waiting === 0 ? [] : [`waiting ${waiting}`];
  const now = [`pending ${pending}${forHowLong}`, `running ${processing}`, ...sleeping, `retrying ${retrying}`];
  return [
    joined([...now, workersText(overview, tone), lagText(stats, tone)]),
    ...(stats.activity === undefined ? [] : [hourText(stats.activity.total, tone)]),
  ];
}

function workersText({ workers }: Overview, tone: Printer['tone']): string | undefined {
  const live = workers?.filter(({ live: lives }) => lives).length;
  if (live === undefined) return undefined;
  return live === 0 ? tone('bad', 'no live workers') : `live workers ${live}`;
}

function hourText({ completed, failed, retried, waitTimeMs, runTimeMs }: TypeActivity, tone: Printer['tone']): string {
  return joined([
    `in 60 min: completed ${completed}`,
    failed === 0 ? 'failed 0' : tone('bad', `failed ${failed}`),
    `retried ${retried}`,
    waitTimeMs && `wait p95 ${formatDuration(waitTimeMs.p95)}`,
    runTimeMs && `run p95 ${formatDuration(runTimeMs.p95)}`,
  ]);
}

function lagText({ projector }: Stats, tone: Printer['tone']): string | undefined {
  if (projector === undefined) return undefined;
  const { lagEvents, lagMs } = projector;
  if (lagEvents === null) return tone('bad', 'the log is unavailable');
  return lagEvents === 0
    ? 'table up to date'
    : `table ${countOf(lagEvents, 'event')} (${formatDuration(lagMs ?? 0)}) behind`;
}

/** A bar for each of the last minutes. */
function chart({ activity }: Stats, { printer, width = 80 }: Layout): readonly string[] {
  if (activity === undefined) return [];
  const counts = minutesUpTo(Date.parse(activity.to), activity.series);
  const largest = Math.max(...counts);
  if (largest === 0) return [];
  const title = `completed by minute, at most ${largest} `;
  const bars = counts.slice(-Math.max(10, width - title.length)).map((count) => bar(count / largest));
  return [title + printer.tone('good', bars.join(''))];
}

/** The series has only the minutes in which something happened. */
function minutesUpTo(end: number, series: NonNullable<Stats['activity']>['series']): readonly number[] {
  const completed = new Map(series.map(({ at, completed: count }) => [Date.parse(at), count]));
  const starts = Array.from({ length: MINUTES_SHOWN }, (_, index) => end - (MINUTES_SHOWN - index) * MINUTE_MS);
  return starts.map((start) => completed.get(start) ?? 0);
}

function bar(share: number): string {
  return share === 0 ? ' ' : (BARS[Math.ceil(share * BARS.length) - 1] ?? '█');
}

function rowsOf({ stats, types = [] }: Overview): readonly TypeRow[] {
  const { backlog, activity, jobs } = stats;
  const names = new Set([
    ...Object.keys(backlog ?? {}),
    ...Object.keys(activity?.byType ?? {}),
    ...Object.keys(jobs.byType),
  ]);
  const paused = new Set(types.filter((type) => type.paused).map(({ type }) => type));
  const rows = [...names].map((type) => ({
    type,
    backlog: backlog?.[type],
    activity: activity?.byType[type],
    paused: paused.has(type),
  }));
  return rows.toSorted((one, other) => ageOf(other) - ageOf(one) || doneBy(other) - doneBy(one));
}

function ageOf({ backlog }: TypeRow): number {
  return backlog?.oldestAgeMs ?? 0;
}

function doneBy({ activity }: TypeRow): number {
  return activity?.completed ?? 0;
}

function typeColumns({ printer, width = Number.POSITIVE_INFINITY }: Layout): readonly Column<TypeRow>[] {
  const number = (title: string, valueOf: (row: TypeRow) => number | undefined): Column<TypeRow> => ({
    title,
    value: (row) => String(valueOf(row) ?? ''),
    right: true,
  });
  const wide = [
    number('WITH WORKERS', ({ backlog }) => backlog?.inFlight),
    number('WORKERS', ({ backlog }) => backlog?.workers),
    number('RETRIED', ({ activity }) => activity?.retried),
    {
      title: 'RUN P95',
      value: ({ activity }: TypeRow) => durationText(activity?.runTimeMs?.p95),
      right: true as const,
    },
  ];
  return [
    { title: 'TYPE', value: ({ type }) => type, flexible: true },
    number('PENDING', ({ backlog }) => backlog?.waiting),
    { title: 'OLDEST', value: ({ backlog }) => durationText(backlog?.oldestAgeMs), right: true },
    ...(width < NARROW ? [] : wide.slice(0, 2)),
    number('DONE', ({ activity }) => activity?.completed),
    { ...number('FAILED', ({ activity }) => activity?.failed), paint: redUnlessZero(printer) },
    ...(width < NARROW ? [] : wide.slice(2)),
    { title: 'STATE', value: stateOf, paint: (text, row) => printer.tone(toneOf(row), text) },
  ];
}

function redUnlessZero({ tone }: Layout['printer']) {
  return (text: string, { activity }: TypeRow) => ((activity?.failed ?? 0) > 0 ? tone('bad', text) : text);
}

function stateOf({ paused, backlog }: TypeRow): string {
  if (paused) return 'paused';
  return isStranded(backlog) ? 'no worker' : '';
}

function toneOf({ paused }: TypeRow): Tone {
  return paused ? 'busy' : 'bad';
}

function isStranded(backlog: TypeBacklog | undefined): boolean {
  return backlog !== undefined && backlog.waiting > 0 && backlog.workers === 0;
}

function failureColumns({ printer, width = Number.POSITIVE_INFINITY }: Layout): readonly Column<Failure>[] {
  const last: Column<Failure> = { title: 'LAST', value: ({ lastAt }) => printer.time(lastAt) };
  return [
    { title: 'FAILED', value: ({ count }) => String(count), right: true, paint: (text) => printer.tone('bad', text) },
    { title: 'TYPE', value: ({ type }) => type, flexible: true },
    ...(width < NARROW ? [] : [last]),
    { title: 'ERROR', value: ({ name, code, message }) => `${code ?? name}: ${plainText(message)}`, flexible: true },
  ];
}

function durationText(ms: number | undefined): string {
  return ms === undefined ? '' : formatDuration(ms);
}

function joined(parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined).join(' · ');
}
