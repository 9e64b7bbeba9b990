import { checkCopies } from './checkLog.ts';
import { checkEffects, checkPresence, explainRepeats } from './checkEffects.ts';
import type { Repeats } from './checkEffects.ts';
import { checkLoad } from './checkLoad.ts';
import { checkChain, checkGaps } from './checkLog.ts';
import { checkClocks, checkTimers } from './checkClocks.ts';
import { checkKeys } from './checkKeys.ts';
import { checkPast } from './checkPast.ts';
import { checkSignals, countSignals } from './checkSignals.ts';
import { checkSleeps, countWaits } from './checkSleeps.ts';
import { checkStepRows, checkSteps, countSteps } from './checkSteps.ts';
import { checkCounts, checkRows } from './checkTable.ts';
import type { Evidence } from './evidence.ts';
import { readHistories, type JunkMessage } from './readHistories.ts';
import { replay } from './replay.ts';
import type { Violation } from './violation.ts';

export interface Verdict {
  readonly violations: readonly Violation[];
  readonly acknowledged: number;
  /** In the log without an acknowledgement, because the answer was lost or late: allowed, and counted. */
  readonly unacknowledged: number;
  readonly events: number;
  /** Messages of the stranger by their kind. */
  readonly junk: Readonly<Record<string, number>>;
  /** Jobs by their last status. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly effects: number;
  readonly repeats: Repeats;
  /** Steps whose work was done, and how many of them had to be done again. */
  readonly steps: { readonly done: number; readonly repeated: number };
  /** How often attempts have waited without a worker. */
  readonly waits: number;
  /** Signals that jobs have got, and those that steps have read. */
  readonly signals: { readonly sent: number; readonly read: number };
}

/** Judges a run by its evidence alone. Shares no code with the services, so that it does not share their faults. */
export function judge(evidence: Evidence): Verdict {
  const { byJob, junk, violations } = readHistories(evidence.messages);
  const replays = new Map([...byJob].map(([jobId, history]) => [jobId, replay(jobId, history)]));
  const jobs = new Map([...replays].map(([jobId, { job }]) => [jobId, job]));
  const acknowledged = new Set(evidence.load.flatMap((record) => (record.kind === 'created' ? [record.id] : [])));
  return {
    violations: [
      ...violations,
      ...checkGaps(evidence),
      ...checkCopies(evidence),
      ...[...byJob].flatMap(([jobId, history]) => checkChain(jobId, history)),
      ...[...replays.values()].flatMap((one) => one.violations),
      ...[...byJob].flatMap(([jobId, history]) => checkClocks(jobId, history)),
      ...checkKeys(evidence.messages, byJob),
      ...checkTimers(evidence.timers, byJob),
      ...checkLoad(evidence.load, byJob, jobs),
      ...checkRows(evidence.rows, jobs),
      ...checkCounts(evidence.counts, jobs),
      ...checkPast(evidence.past, byJob),
      ...checkQuarantine(evidence, junk),
      ...checkEffects(evidence.effects, byJob),
      ...checkPresence(evidence.effects, byJob),
      ...checkSteps(evidence.steps, byJob),
      ...checkSleeps(evidence.steps, byJob),
      ...checkSignals([], byJob),
      ...checkStepRows(evidence.stepRows, byJob),
    ],
    acknowledged: acknowledged.size,
    unacknowledged: [...byJob.keys()].filter((jobId) => !acknowledged.has(jobId)).length,
    events: evidence.messages.length - junk.length,
    junk: countBy(junk.map(({ kind }) => kind)),
    statuses: countBy([...jobs.values()].map((job) => job?.status ?? 'none')),
    effects: evidence.effects.length,
    repeats: explainRepeats(evidence.effects, byJob),
    steps: countSteps(evidence.steps),
    waits: countWaits(byJob),
    signals: countSignals(byJob),
  };
}

/** All that the stranger wrote is kept there, but for copies. */
function checkQuarantine({ quarantined }: Evidence, junk: readonly JunkMessage[]): readonly Violation[] {
  const expected = junk.filter(({ copyOf }) => copyOf === undefined).length;
  return quarantined === expected ? [] : [{ rule: 'quarantine', detail: `${quarantined} messages, not ${expected}` }];
}

function countBy(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
