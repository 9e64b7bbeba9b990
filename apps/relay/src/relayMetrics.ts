import type { OutboxCounts } from '@jobstream/outbox';
import type { Metrics } from '@jobstream/runtime';
import type { Outcome } from './relayRow.ts';

/** What a relay reports about its outboxes. */
export interface RelayMetrics {
  /** Called with what became of the rows of a claim, before they leave the outbox. */
  relayed(outbox: string, outcomes: readonly Outcome[]): void;
  /** Called with the number of rows of a claim that have failed for their own sake and are tried again later. */
  deferred(outbox: string, rows: number): void;
  /** Called when a claim has failed, or rows of one. */
  failed(outbox: string): void;
  /** Called with what an outbox holds; undefined while it is unavailable. */
  counted(outbox: string, counts: OutboxCounts | undefined): void;
}

export function relayMetrics(metrics: Metrics): RelayMetrics {
  const known = new Map<string, OutboxCounts | undefined>();
  const relayed = metrics.counter({
    name: 'jobstream_outbox_relayed_jobs_total',
    help: 'Rows of an outbox by what became of them: created, repeated (the job existed), held (another job holds its unique key), rejected, or deferred.',
    labels: ['outbox', 'outcome'],
  });
  const failures = metrics.counter({
    name: 'jobstream_outbox_failures_total',
    help: 'Claims that have failed, whole because the database was unavailable, or in part.',
    labels: ['outbox'],
  });
  for (const gauge of GAUGES) addGauge(metrics, known, gauge);
  return {
    relayed: (outbox, outcomes) => {
      for (const one of outcomes) relayed.inc({ outbox, outcome: typeof one === 'string' ? one : 'rejected' });
    },
    deferred: (outbox, rows) => relayed.inc({ outbox, outcome: 'deferred' }, rows),
    failed: (outbox) => failures.inc({ outbox }),
    counted: (outbox, counts) => void known.set(outbox, counts),
  };
}

interface OutboxGauge {
  readonly name: string;
  readonly help: string;
  /** Of an outbox that is unavailable, what it has then, if anything. */
  valueOf(counts: OutboxCounts | undefined): number | undefined;
}

const GAUGES: readonly OutboxGauge[] = [
  {
    name: 'jobstream_outbox_up',
    help: 'Whether the database of an outbox answers and has the outbox.',
    valueOf: (counts) => (counts === undefined ? 0 : 1),
  },
  {
    name: 'jobstream_outbox_waiting_jobs',
    help: 'Jobs in an outbox that are not relayed yet, without the deferred ones; estimated above 100,000.',
    valueOf: (counts) => counts?.waiting,
  },
  {
    name: 'jobstream_outbox_oldest_job_seconds',
    help: 'How long the oldest job in an outbox waits, without the deferred ones.',
    valueOf: (counts) => counts && secondsSince(counts.oldest),
  },
  {
    name: 'jobstream_outbox_deferred_jobs',
    help: 'Rows of an outbox that fail for their own sake and are tried again later.',
    valueOf: (counts) => counts?.deferred,
  },
  {
    name: 'jobstream_outbox_rejected_jobs',
    help: 'Rows of an outbox that could not become jobs.',
    valueOf: (counts) => counts?.rejected,
  },
  {
    name: 'jobstream_outbox_table_bytes',
    help: 'Bytes of the tables in which jobs wait, dead rows included.',
    valueOf: (counts) => counts?.bytes,
  },
];

function addGauge(metrics: Metrics, known: ReadonlyMap<string, OutboxCounts | undefined>, gauge: OutboxGauge): void {
  metrics.gauge({
    name: gauge.name,
    help: gauge.help,
    labels: ['outbox'],
    collect: (collected: { set(labels: { outbox: string }, value: number): void }) => {
      for (const [outbox, counts] of known) {
        const value = gauge.valueOf(counts);
        if (value !== undefined) collected.set({ outbox }, value);
      }
    },
  });
}

function secondsSince(instant: Date | undefined): number {
  return instant === undefined ? 0 : Math.max(0, (Date.now() - instant.getTime()) / 1_000);
}
