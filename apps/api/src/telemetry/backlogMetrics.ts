import type { Backlog, EventLog, TypeBacklog } from '@jobstream/eventlog';
import type { JobCount, ReadModel } from '@jobstream/readmodel';
import { boundedLabel, cachedFor, type Metrics } from '@jobstream/runtime';
import type { AnnouncedTypes } from '../announcements/announcedTypes.ts';

/** Clients may create jobs of any type, so they decide how many there are. */
const MAX_TYPES = 100;
const CACHE_MS = 5_000;

type Combine = (left: number, right: number) => number;

interface Sources {
  readonly log: Pick<EventLog, 'isConnected' | 'clock'> & { readonly stats: Pick<EventLog['stats'], 'backlog'> };
  readonly announced: Pick<AnnouncedTypes, 'isCurrent' | 'type' | 'types'>;
  readonly table: Pick<ReadModel, 'countJobs'>;
}

type Values = Iterable<readonly [type: string, value: number]>;

interface TypeGauge {
  readonly name: string;
  readonly help: string;
  /** Combines the values of types that share a label. */
  readonly combine: Combine;
  readonly read: () => Promise<Values>;
}

const add: Combine = (left, right) => left + right;

/**
 * Registers the metrics of the backlog and of the workers that there are for it.
 *
 * They are read from the log and the table on scrapes, at most every five seconds; while the log is unavailable, they are
 * left out.
 */
export function backlogMetrics(metrics: Metrics, { log, announced, table }: Sources): void {
  const ask = cachedFor(CACHE_MS, () => log.stats.backlog());
  const count = cachedFor(CACHE_MS, () => table.countJobs().catch(() => []));
  const backlog = async () => (log.isConnected() ? ask().catch(() => undefined) : undefined);
  const typeOf = boundedLabel(MAX_TYPES);
  for (const gauge of backlogGauges(backlog, log.clock)) typeGauge(metrics, gauge, typeOf);
  const workers: readonly TypeGauge[] = [
    {
      name: 'jobstream_live_workers',
      help: 'Living workers that have announced the type; 0 when they are gone, for a day.',
      combine: add,
      read: async () => (log.isConnected() ? liveWorkers(announced) : []),
    },
    {
      name: 'jobstream_jobs_without_worker',
      help: 'Jobs that could run and whose type no living worker has announced.',
      combine: add,
      read: async () => jobsWithoutWorker(await backlog(), await count(), announced),
    },
  ];
  for (const gauge of workers) typeGauge(metrics, gauge, typeOf);
  timersGauge(metrics, backlog);
}

function backlogGauges(backlog: () => Promise<Backlog | undefined>, clock: EventLog['clock']): readonly TypeGauge[] {
  const each = (valueOf: (type: TypeBacklog) => number) => async () =>
    ((await backlog())?.types ?? []).map((one) => [one.jobType, valueOf(one)] as const);
  return [
    {
      name: 'jobstream_backlog_jobs',
      help: 'Jobs that could run and wait for a worker.',
      combine: add,
      read: each((one) => one.backlog),
    },
    {
      name: 'jobstream_in_flight_jobs',
      help: 'Jobs that workers hold.',
      combine: add,
      read: each(({ inFlight }) => inFlight),
    },
    {
      name: 'jobstream_backlog_oldest_age_seconds',
      help: 'How long the job that waits longest could have run.',
      combine: Math.max,
      read: each((one) => age(one, clock.now())),
    },
  ];
}

function typeGauge(metrics: Metrics, { name, help, combine, read }: TypeGauge, typeOf: (type: string) => string): void {
  const collect = async (gauge: ReturnType<Metrics['gauge']>) => {
    const values = new Map<string, number>();
    for (const [jobType, value] of await read()) {
      const type = typeOf(jobType);
      values.set(type, combine(values.get(type) ?? 0, value));
    }
    for (const [type, value] of values) gauge.set({ type }, value);
  };
  metrics.gauge({ name, help, labels: ['type'], collect });
}

function liveWorkers(announced: Sources['announced']): Values {
  return announced.types().map(({ type, announcements }) => [type, announcements.filter(({ live }) => live).length]);
}

/**
 * The jobs that no worker will take: of types without consumers, which no worker has ever run, the table knows the number.
 * A type whose jobs are in flight has a worker, though perhaps one of a release that announces nothing.
 */
function jobsWithoutWorker(
  backlog: Backlog | undefined,
  counts: readonly JobCount[],
  announced: Sources['announced'],
): Values {
  if (backlog === undefined || !announced.isCurrent()) return [];
  const waiting = new Map(counts.filter(({ status }) => status === 'pending').map(({ type, count }) => [type, count]));
  for (const one of backlog.types) waiting.set(one.jobType, one.inFlight > 0 ? 0 : one.backlog);
  return [...waiting].filter(([type]) => announced.type(type)?.announcements.some(({ live }) => live) !== true);
}

function timersGauge(metrics: Metrics, read: () => Promise<Backlog | undefined>): void {
  metrics.gauge({
    name: 'jobstream_pending_timers',
    help: 'Messages that wait for their time: delayed jobs, retries, and the triggers of schedules.',
    collect: async (gauge) => {
      const backlog = await read();
      if (backlog !== undefined) gauge.set(backlog.timers);
    },
  });
}

function age({ oldestAt }: TypeBacklog, now: number): number {
  return oldestAt === undefined ? 0 : Math.max(0, now - Date.parse(oldestAt)) / 1_000;
}
