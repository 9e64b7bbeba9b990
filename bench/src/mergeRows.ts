import type { Comparison } from './comparePeers.ts';
import type { MachineFacts } from './machine.ts';

export type PeerResults = Comparison & MachineFacts;

/**
 * Puts the rows of measured workloads in the place of older ones, so that a run of some workloads keeps the figures of the
 * others. All systems of a workload are replaced together: they are compared with each other. Rows of another machine are
 * not kept.
 */
export function mergeRows(
  older: PeerResults | undefined,
  measured: PeerResults,
  order: readonly string[],
): PeerResults {
  const isOfHere = older?.processor === measured.processor && older.cores === measured.cores;
  const replaced = new Set(measured.rows.map(({ workload }) => workload));
  const kept = isOfHere ? older.rows.filter(({ workload }) => !replaced.has(workload)) : [];
  const rows = [...kept, ...measured.rows];
  return { ...measured, rows: rows.toSorted((a, b) => order.indexOf(a.workload) - order.indexOf(b.workload)) };
}
