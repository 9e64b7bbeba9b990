import { checkEffects } from '../../chaos/judge/checkEffects.ts';
import { checkKeys } from '../../chaos/judge/checkKeys.ts';
import { checkLoad } from '../../chaos/judge/checkLoad.ts';
import { checkChain } from '../../chaos/judge/checkLog.ts';
import { checkSignals } from '../../chaos/judge/checkSignals.ts';
import { checkSleeps } from '../../chaos/judge/checkSleeps.ts';
import { checkSteps } from '../../chaos/judge/checkSteps.ts';
import type { Effect, LoadRecord, StepEffect, WaitEffect } from '../../chaos/judge/evidence.ts';
import { readHistories } from '../../chaos/judge/readHistories.ts';
import { replay, type JudgedJob } from '../../chaos/judge/replay.ts';
import type { RawMessage } from '../../harness/rawLog.ts';
import type { WorkerLife } from '../processes/workers.ts';
import { checkLanes } from './checkLanes.ts';
import { checkErrors, checkLosses, checkRuns } from './checkRuns.ts';
import { checkWaits } from './checkWaits.ts';
import type { Finding } from './finding.ts';

export interface Evidence {
  /** Every message that the log has ever had. */
  readonly messages: readonly RawMessage[];
  readonly load: readonly LoadRecord[];
  readonly effects: readonly Effect[];
  /** The steps whose work was done. */
  readonly steps: readonly StepEffect[];
  /** What the waits for signals have given. */
  readonly waits: readonly WaitEffect[];
  /** The subjects of the timers that have fired, by the cause that they are of what follows. */
  readonly calls: ReadonlyMap<string, string>;
  /** What has become of the workers; undefined where messages were lost or late, so that one may seem to be dead. */
  readonly lives: ReadonlyMap<string, WorkerLife> | undefined;
  /** From when on nothing went wrong and nothing was paused, in milliseconds since 1970. */
  readonly quietAt: number;
}

/** Judges a run by the rules of the fault suite, whose code it shares, and by some that only a simulation can have. */
export function judgeRun({
  messages,
  load,
  effects,
  steps,
  waits,
  calls,
  quietAt,
  lives,
}: Evidence): readonly Finding[] {
  const { byJob, violations } = readHistories(messages);
  const histories = [...byJob];
  const replays = new Map(histories.map(([jobId, history]) => [jobId, replay(jobId, history)]));
  const jobs = new Map([...replays].map(([jobId, { job }]) => [jobId, job]));
  return [
    ...violations,
    ...histories.flatMap(([jobId, history]) => checkChain(jobId, history)),
    ...[...replays.values()].flatMap((one) => one.violations),
    ...checkKeys(messages, byJob),
    ...checkLoad(load, byJob, jobs),
    ...checkEffects(effects, byJob),
    ...checkSteps(steps, byJob),
    ...checkSleeps(steps, byJob),
    ...checkSignals(waits, byJob),
    ...[...jobs].flatMap(([jobId, job]) => checkEnd(jobId, job)),
    ...histories.flatMap(([jobId, history]) => checkRuns(jobId, history, messages)),
    ...histories.flatMap(([jobId, history]) => (lives === undefined ? [] : checkLosses(jobId, history, lives))),
    ...histories.flatMap(([jobId, history]) => checkErrors(jobId, history)),
    ...histories.flatMap(([jobId, history]) => checkWaits(jobId, history, quietAt)),
    ...histories.flatMap(([jobId, history]) => checkLanes(jobId, history, calls)),
  ];
}

const ENDED = new Set(['completed', 'failed', 'cancelled']);

/** Also a job whose creation nobody was told of must not wait for nothing. */
function checkEnd(jobId: string, job: JudgedJob | undefined): readonly Finding[] {
  if (job === undefined || ENDED.has(job.status)) return [];
  return [{ rule: 'stranded', jobId, detail: `it is ${job.status} and nothing will wake it` }];
}
