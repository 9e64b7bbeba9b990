import type { Effect } from './evidence.ts';
import { carries, type LoggedEvent, requeues, runStarts } from './readHistories.ts';
import type { Violation } from './violation.ts';

type Histories = ReadonlyMap<string, readonly LoggedEvent[]>;

/** Why side effects of a job ran more than once: how its second and further attempts came to be. */
export interface Repeats {
  readonly jobs: number;
  readonly afterRetry: number;
  readonly afterTakeOver: number;
  readonly afterWait: number;
  readonly afterRelease: number;
  readonly afterRequeue: number;
}

/**
 * Every effect must belong to a started attempt of its number, and no run may have more than one. Two effects with one
 * number need two runs with that number: a released attempt gives its number back, a requeued job begins at 1, and an
 * attempt that has waited goes on in another run.
 */
export function checkEffects(effects: readonly Effect[], histories: Histories): readonly Violation[] {
  return [...byJob(effects)].flatMap(([jobId, ofJob]) => {
    const history = histories.get(jobId) ?? [];
    return [...new Set(ofJob.map(({ attempt }) => attempt))].flatMap((attempt) =>
      checkAttempt(
        jobId,
        ofJob.filter((effect) => effect.attempt === attempt),
        starts(history, attempt),
      ),
    );
  });
}

/** The first effect needs one start before it, the second two, and so on. */
function checkAttempt(
  jobId: string,
  effects: readonly Effect[],
  started: readonly LoggedEvent[],
): readonly Violation[] {
  return effects
    .toSorted((left, right) => left.at - right.at)
    .flatMap(({ attempt, at }, index): Violation[] => {
      const start = started[index];
      if (start !== undefined && start.storedAt <= at) return [];
      const rule = start === undefined && started.length > 0 ? 'double-effect' : 'effect';
      return [
        { rule, jobId, detail: `effect ${index + 1} of attempt ${attempt}, which started ${started.length} times` },
      ];
    });
}

/** A webhook that is completed has called. */
export function checkPresence(effects: readonly Effect[], histories: Histories): readonly Violation[] {
  const called = new Set(effects.map(({ jobId, attempt }) => `${jobId} ${attempt}`));
  return [...histories].flatMap(([jobId, history]): Violation[] => {
    const completed = history.find(({ event, jobType }) => event === 'JobCompleted' && jobType === 'webhook');
    const attempt = String(completed?.data['attempt']);
    if (completed === undefined || called.has(`${jobId} ${attempt}`)) return [];
    return [{ rule: 'no-effect', jobId, detail: `attempt ${attempt} made no call` }];
  });
}

/** The explanations of all effects that ran more than once, counted. */
export function explainRepeats(effects: readonly Effect[], histories: Histories): Repeats {
  const repeated = [...byJob(effects)].filter(([, ofJob]) => ofJob.length > 1).map(([jobId]) => jobId);
  const causes = repeated.flatMap((jobId) => causesOf(histories.get(jobId) ?? []));
  const count = (...events: readonly string[]) => causes.filter((cause) => events.includes(cause)).length;
  return {
    jobs: repeated.length,
    afterRetry: count('JobRetryScheduled'),
    afterTakeOver: count(...runStarts),
    afterWait: count('JobSuspended'),
    afterRelease: count('JobReleased'),
    afterRequeue: count(...requeues),
  };
}

/** These explain no start: the one before them does. */
const explainNothing = new Set([
  'JobProgressed',
  'JobStepsRecorded',
  'JobDueNow',
  'JobPriorityChanged',
  'JobSignalled',
  ...carries,
]);

/** The event before each start but the first. */
function causesOf(history: readonly LoggedEvent[]): readonly string[] {
  const steps = history.map(({ event }) => event).filter((event) => !explainNothing.has(event));
  return steps.flatMap((event, index) => (runStarts.includes(event) ? [steps[index - 1] ?? ''] : []));
}

function starts(history: readonly LoggedEvent[], attempt: number): readonly LoggedEvent[] {
  return history.filter(({ event, data }) => runStarts.includes(event) && data['attempt'] === attempt);
}

function byJob(effects: readonly Effect[]): Map<string, Effect[]> {
  const sorted = new Map<string, Effect[]>();
  for (const effect of effects) sorted.set(effect.jobId, [...(sorted.get(effect.jobId) ?? []), effect]);
  return sorted;
}
