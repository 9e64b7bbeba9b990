import type { StepEffect } from './evidence.ts';
import { waitsIn } from './checkSignals.ts';
import { type LoggedEvent, runStarts } from './readHistories.ts';
import type { Violation } from './violation.ts';

/** What handlers call the sleep before a step, which has the same key. */
export const NAP = 'nap';
/** And one for whose end the handler does not wait. */
export const FORGOTTEN = 'forgotten';

/** Clocks of processes, and the steps of theirs, are about so exact. */
const PRECISION_MS = 1_000;

/** Whether a recorded step is a sleep, whose result is the instant of its end. */
export function isSleep({ name }: { readonly name: string }): boolean {
  return name === NAP || name === FORGOTTEN;
}

/** So long at least lasts a wait for a signal that has no time limit. */
const NO_LIMIT_MS = 365 * 86_400_000;

interface Sleep {
  readonly name: string;
  readonly key: string | undefined;
  readonly end: number;
  /** Milliseconds since 1970, by the clock of the server. */
  readonly recordedAt: number;
}

/** What is known of a job up to an event. */
interface Waits {
  /** Also the waits for signals that have a time limit, and have not ended. */
  readonly sleeps: readonly Sleep[];
  /** How long its attempt has run before this run, in milliseconds. */
  readonly ranMs: number;
  /** When the run has begun, as its worker says. */
  readonly runSince: number;
}

const OUTCOMES = new Set(['JobCompleted', 'JobRetryScheduled', 'JobFailed']);

/**
 * Whether attempts wait as long as their sleeps last, and the time limits of their waits for signals: until the first end that is to come, of those that are recorded, and no work is
 * done before the end of the sleep that it comes after. Also whether the time that an attempt has run is counted through its waits.
 */
export function checkSleeps(
  effects: readonly StepEffect[],
  histories: ReadonlyMap<string, readonly LoggedEvent[]>,
): readonly Violation[] {
  const done = Map.groupBy(effects, ({ jobId }) => jobId);
  return [...histories].flatMap(([jobId, history]) =>
    checkJob(history, done.get(jobId) ?? []).map((detail): Violation => ({ rule: 'sleeps', jobId, detail })),
  );
}

/** How often an attempt has waited without a worker. */
export function countWaits(histories: ReadonlyMap<string, readonly LoggedEvent[]>): number {
  return [...histories.values()].flat().filter(({ event }) => event === 'JobSuspended').length;
}

function checkJob(history: readonly LoggedEvent[], done: readonly StepEffect[]): readonly string[] {
  const found: string[] = [];
  const all: Sleep[] = [];
  let waits: Waits = { sleeps: [], ranMs: 0, runSince: 0 };
  for (const event of history) {
    found.push(...wrongWait(event, waits), ...wrongTime(event, waits));
    waits = after(event, waits);
    all.push(...sleepsIn(event));
  }
  return [...found, ...done.flatMap((effect) => wokenEarly(effect, all))];
}

function after(event: LoggedEvent, { sleeps, ranMs, runSince }: Waits): Waits {
  const isCleared = event.event === 'JobPayloadChanged' && event.data['keepSteps'] !== true;
  const waits = waitsIn(event);
  const kept = sleeps.filter(
    ({ name, key }) => !isCleared && !waits.some((wait) => wait.name === name && wait.key === key),
  );
  const limits = waits.filter(({ waitsUntil }) => waitsUntil !== undefined);
  return {
    sleeps: [...kept, ...sleepsIn(event), ...limits.map((wait) => sleepOf(wait, wait.waitsUntil, event))],
    ranMs: event.event === 'JobStarted' ? 0 : Number(event.data['ranMs'] ?? ranMs),
    runSince: runStarts.includes(event.event) ? event.at : runSince,
  };
}

function sleepsIn(event: LoggedEvent): readonly Sleep[] {
  if (event.event !== 'JobStepsRecorded') return [];
  const steps = event.data['steps'] as readonly {
    readonly name: string;
    readonly key?: string;
    readonly result?: unknown;
  }[];
  return steps.filter(isSleep).map((step) => sleepOf(step, step.result, event));
}

function sleepOf(
  { name, key }: { readonly name: string; readonly key?: string },
  end: unknown,
  { storedAt }: LoggedEvent,
): Sleep {
  return { name, key, end: Date.parse(String(end)), recordedAt: storedAt };
}

/** An attempt waits for the end of one of its sleeps, or of a wait for a signal, and for none if an earlier one is to come. */
function wrongWait({ event, sequence, at, data }: LoggedEvent, { sleeps }: Waits): readonly string[] {
  if (event !== 'JobSuspended') return [];
  const until = Date.parse(String(data['until']));
  const isForSignal = data['signals'] !== undefined && until > at + NO_LIMIT_MS;
  if (!isForSignal && !sleeps.some(({ end }) => end === until))
    return [`at ${sequence} it waits for the end of no sleep`];
  const earlier = sleeps.find(({ end }) => end > at + PRECISION_MS && end < until);
  return earlier === undefined ? [] : [`at ${sequence} it waits longer than until the end of ${titleOf(earlier)}`];
}

/** The time of all runs of an attempt: it cannot be less than before, or more than has passed. */
function wrongTime({ event, sequence, at, data }: LoggedEvent, { ranMs, runSince }: Waits): readonly string[] {
  const isOutcome = OUTCOMES.has(event) && data['durationMs'] !== undefined;
  if (event !== 'JobSuspended' && !isOutcome) return [];
  const ran = Number(data[isOutcome ? 'durationMs' : 'ranMs']);
  if (ran >= ranMs && ran <= ranMs + (at - runSince) + PRECISION_MS) return [];
  return [`${event} at ${sequence} says that it ran ${ran} ms, after ${ranMs} ms and ${at - runSince} ms`];
}

function wokenEarly({ name, key, at }: StepEffect, sleeps: readonly Sleep[]): readonly string[] {
  const nap = sleeps.findLast((sleep) => sleep.name === NAP && sleep.key === key && sleep.recordedAt <= at);
  if (nap === undefined || nap.end <= at + PRECISION_MS) return [];
  return [`${name} ${key} was done ${nap.end - at} ms before the end of ${titleOf(nap)}`];
}

function titleOf({ name, key }: Sleep): string {
  return key === undefined ? name : `${name} ${key}`;
}
