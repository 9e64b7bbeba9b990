import { table } from '../report/table.ts';
import type { GateCheck } from './gateCheck.ts';
import type { Verdict } from './judge.ts';
import type { Micros } from './measurable.ts';

export interface GateRow {
  readonly check: GateCheck;
  readonly reference: number;
  readonly verdict: Verdict | undefined;
}

const HEAD = ['check', 'ours', 'bare', 'ratio', 'reference', 'measured', 'verdict'];

export function gateTable(rows: readonly GateRow[]): string {
  return table(HEAD, rows.map(cells));
}

function cells({ check, reference, verdict }: GateRow): string[] {
  if (verdict === undefined) return [check.title];
  const { best, repeats, passed } = verdict;
  const ratios = [best.ratio, reference].map((ratio) => ratio.toFixed(2));
  const times = repeats === 1 ? 'once' : `${repeats} times`;
  return [check.title, micros(best.ours), micros(best.bare), ...ratios, times, passed ? 'ok' : 'SLOWER'];
}

function micros({ process, server }: Micros): string {
  return server === 0 ? process.toFixed(1) : `${process.toFixed(1)} + ${server.toFixed(1)}`;
}
