import { isDeepStrictEqual } from 'node:util';
import type { StepEffect, StepRow } from './evidence.ts';
import { isWait } from './checkSignals.ts';
import { isSleep } from './checkSleeps.ts';
import { carries, type LoggedEvent, runStarts } from './readHistories.ts';
import type { Violation } from './violation.ts';

/** The message of the error with which an attempt fails that is to fail. */
export const PLANNED_FAILURE = 'as planned';

interface Step {
  readonly name: string;
  readonly key?: string;
  readonly result?: unknown;
  readonly error?: unknown;
  /** Of a wait for a signal. */
  readonly signal?: unknown;
  readonly waitsUntil?: unknown;
  /** That which has recorded it. */
  readonly attempt?: unknown;
}

/** The steps of a job by their names and keys, each as it was recorded last. */
type Steps = ReadonlyMap<string, Step>;

/** A run, with the steps that its job had when it began, and those that it has recorded itself. */
interface Run {
  readonly before: Steps;
  readonly own: Map<string, Step>;
  /** How it came to its end, unless it was lost, overtaken or cancelled. */
  end?: LoggedEvent;
}

const ENDS = new Set(['JobCompleted', 'JobSuspended', 'JobRetryScheduled', 'JobFailed', 'JobReleased']);

/**
 * Whether each step ran once: again only where its attempt was cut off between the work and its record. Also whether jobs were
 * carried with their steps, and completed with the results of them if these are what a handler returns.
 */
export function checkSteps(
  effects: readonly StepEffect[],
  histories: ReadonlyMap<string, readonly LoggedEvent[]>,
): readonly Violation[] {
  const done = Map.groupBy(effects, ({ jobId }) => jobId);
  return [...histories].flatMap(([jobId, history]) =>
    checkJob(history, done.get(jobId) ?? []).map((detail): Violation => ({ rule: 'steps', jobId, detail })),
  );
}

/** How often the work of steps was done, and how often once more for the same step of a job. */
export function countSteps(effects: readonly StepEffect[]): { readonly done: number; readonly repeated: number } {
  const different = new Set(effects.map((effect) => `${effect.jobId} ${idOf(effect)}`));
  return { done: effects.length, repeated: effects.length - different.size };
}

/** Compares the table of steps with the log, in both directions. */
export function checkStepRows(
  rows: readonly StepRow[],
  histories: ReadonlyMap<string, readonly LoggedEvent[]>,
): readonly Violation[] {
  const byJob = Map.groupBy(rows, ({ jobId }) => jobId);
  return [...new Set([...byJob.keys(), ...histories.keys()])].flatMap((jobId): Violation[] => {
    const steps = (histories.get(jobId) ?? []).reduce((before: Steps, event) => stepsAfter(event, before), new Map());
    const kept = (byJob.get(jobId) ?? []).map((row) => JSON.stringify(columnsOf(row)));
    const expected = [...steps.values()].map((step) => JSON.stringify(columnsOf(step)));
    if (isDeepStrictEqual(new Set(kept), new Set(expected))) return [];
    return [{ rule: 'row', jobId, detail: `its steps are ${kept.join(', ')}, not ${expected.join(', ')}` }];
  });
}

/** The error by its message: the order of the fields of JSON is another one in the table. */
function columnsOf({ name, key, attempt, result, error }: Step | StepRow): readonly unknown[] {
  return [name, key, attempt, result, (error as { readonly message?: string } | null | undefined)?.message];
}

function checkJob(history: readonly LoggedEvent[], done: readonly StepEffect[]): readonly string[] {
  const found: string[] = [];
  const runs = new Map<string, Run>();
  let steps: Steps = new Map();
  let run: Run | undefined;
  for (const event of history) {
    found.push(...wrongSteps(event, steps));
    if (runStarts.includes(event.event)) {
      run = { before: steps, own: new Map() };
      runs.set(event.eventId, run);
    }
    steps = stepsAfter(event, steps);
    if (run !== undefined) follow(run, event);
  }
  const results = new Set(done.map(({ result }) => result));
  const invented = [...steps.values()].filter(
    (step) => step.error === undefined && isWork(step) && !results.has(String(step.result)),
  );
  return [
    ...found,
    ...invented.map((step) => `${idOf(step)} has a result, and its work was never done`),
    ...done.flatMap((effect, index) => wrongWork(effect, runs.get(effect.runId), done.slice(0, index))),
  ];
}

function stepsAfter({ event, data }: LoggedEvent, steps: Steps): Steps {
  if (event === 'JobPayloadChanged' && data['keepSteps'] !== true) return new Map();
  if (event !== 'JobStepsRecorded') return steps;
  return new Map([
    ...steps,
    ...stepsIn(data).map((step) => [idOf(step), { ...step, attempt: data['attempt'] }] as const),
  ]);
}

function stepsIn(data: LoggedEvent['data']): readonly Step[] {
  return (data['steps'] ?? []) as readonly Step[];
}

/** The others are sleeps and waits for signals. */
function isWork(step: Step): boolean {
  return !isSleep(step) && !isWait(step);
}

function idOf({ name, key }: Pick<Step, 'name' | 'key'>): string {
  return key === undefined ? name : `${name} ${key}`;
}

function follow(run: Run, event: LoggedEvent): void {
  if (event.event === 'JobStepsRecorded') for (const step of stepsIn(event.data)) run.own.set(idOf(step), step);
  if (ENDS.has(event.event) && event.data['reason'] !== 'worker-lost') run.end = event;
}

/** What an event says of steps must be what was recorded. */
function wrongSteps({ event, sequence, data }: LoggedEvent, steps: Steps): readonly string[] {
  if (carries.includes(event)) {
    const isSame = isDeepStrictEqual(outcomesOf(stepsIn(data)), outcomesOf([...steps.values()]));
    return isSame ? [] : [`other ones were carried at ${sequence}`];
  }
  if (event !== 'JobCompleted') return [];
  const { steps: given } = (data['result'] ?? {}) as { readonly steps?: unknown };
  const results = new Set([...steps.values()].filter(isWork).map(({ result }) => result));
  if (!Array.isArray(given) || isDeepStrictEqual(results, new Set(given))) return [];
  return [`the job was completed with other ones at ${sequence}`];
}

function outcomesOf(steps: readonly Step[]): readonly Step[] {
  const fields = ({ name, key, result, error, signal, waitsUntil }: Step) => {
    return { name, key, result, error, signal, waitsUntil } as Step;
  };
  return steps.map(fields);
}

/** Why work should not have been done, or should have been recorded. */
function wrongWork(effect: StepEffect, run: Run | undefined, earlier: readonly StepEffect[]): readonly string[] {
  const { runId, result, at } = effect;
  const id = idOf(effect);
  if (run === undefined) return [`${id} ran in an attempt that was not started`];
  const known = run.before.get(id);
  if (known !== undefined && known.error === undefined) return [`${id} ran again in ${runId}, which had its result`];
  if (earlier.some((one) => one.runId === runId && idOf(one) === id)) return [`${id} ran twice in ${runId}`];
  if (run.own.get(id)?.result === result || run.end === undefined || !isOwnEnd(run.end, at)) return [];
  return [`${id} ran in ${runId}, which went on to ${run.end.event} without a record of it`];
}

/** Whether the handler came to this end after an instant, and was not aborted. */
function isOwnEnd({ event, storedAt, data }: LoggedEvent, at: number): boolean {
  const { message } = (data['error'] ?? {}) as { readonly message?: string };
  return storedAt >= at && (event === 'JobCompleted' || event === 'JobSuspended' || message === PLANNED_FAILURE);
}
