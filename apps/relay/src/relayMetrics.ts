import type { OutboxCounts } from '@jobstream/outbox';
import type { Metrics } from '@jobstream/runtime';
import type { Outcome } from './relayRow.ts';

/** What a relay reports about its outboxes. */
export interface RelayMetrics {
  /** Called with what became of the rows of a claim, before they leave the outbox. */
  relayed(outbox: string, outcomes: readonly Outcome[]): void;
  /** Called with the number of rows of a claim that go back behind those that wait. */
  putBack(outbox: string, rows: number): void;
  /** Called when a claim, or rows of one, were given back. */
  failed(outbox: string): void;
  /** Called with what an outbox holds; undefined while it is unavailable. */
  counted(outbox: string, counts: OutboxCounts | undefined): void;
}

export function relayMetrics(metrics: Metrics): RelayMetrics {
  const known = new Map<string, OutboxCounts | undefined>();
  const relayed = metrics.counter({
    name: 'jobstream_outbox_relayed_jobs_total',
    help: 'Rows of an outbox by what became of them: created, repeated (the job existed), rejected, or put_back.',
    labels: ['outbox', 'outcome'],
  });
  const failures = metrics.counter({
    name: 'jobstream_outbox_failures_total',
    help: 'Claims of rows that were given back, whole because the log or the database was unavailable, or in part.',
    labels: ['outbox'],
  });
  gauges(metrics, known);
  return {
    relayed: (outbox, outcomes) => {
      for (const one of outcomes) relayed.inc({ outbox, outcome: typeof one === 'string' ? one : 'rejected' });
    },
    putBack: (outbox, rows) => relayed.inc({ outbox, outcome: 'put_back' }, rows),
    failed: (outbox) => failures.inc({ outbox }),
    counted: (outbox, counts) => void known.set(outbox, counts),
  };
}

function gauges(metrics: Metrics, known: ReadonlyMap<string, OutboxCounts | undefined>): void {
  const labels = ['outbox'] as const;
  const each = (valueOf: (counts: OutboxCounts | undefined) => number | undefined) => ({
    labels,
    collect: (gauge: { set(labels: { outbox: string }, value: number): void }) => {
      for (const [outbox, counts] of known) {
        const value = valueOf(counts);
        if (value !== undefined) gauge.set({ outbox }, value);
      }
    },
  });
  metrics.gauge({
    name: 'jobstream_outbox_up',
    help: 'Whether the database of an outbox answers and has the outbox.',
    ...each((counts) => (counts === undefined ? 0 : 1)),
  });
  metrics.gauge({
    name: 'jobstream_outbox_waiting_jobs',
    help: 'Jobs in an outbox that are not relayed yet.',
    ...each((counts) => counts?.waiting),
  });
  metrics.gauge({
    name: 'jobstream_outbox_oldest_job_seconds',
    help: 'How long the oldest job in an outbox waits.',
    ...each((counts) => counts && secondsSince(counts.oldest)),
  });
  metrics.gauge({
    name: 'jobstream_outbox_rejected_jobs',
    help: 'Rows of an outbox that could not become jobs.',
    ...each((counts) => counts?.rejected),
  });
  metrics.gauge({
    name: 'jobstream_outbox_table_bytes',
    help: 'Bytes of the tables in which jobs wait, dead rows included.',
    ...each((counts) => counts?.bytes),
  });
}

function secondsSince(instant: Date | undefined): number {
  return instant === undefined ? 0 : Math.max(0, (Date.now() - instant.getTime()) / 1_000);
}
