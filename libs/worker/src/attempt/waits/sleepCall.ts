import { MAX_AHEAD_MS, stepId } from '@jobstream/domain';
import { millisecondsOf, type Duration } from '../../handler/duration.ts';
import type { SleepOptions } from '../../handler/sleep.ts';
import { assertStepName, partOf } from '../steps/stepCall.ts';
import { misusedStep } from '../steps/stepErrors.ts';

/** What the handler has asked for, checked. */
export interface SleepCall {
  readonly id: string;
  readonly name: string;
  readonly key?: string;
  /** Such as `the sleep 'cool-down'`. */
  readonly title: string;
  /** Returns when it is over, if it begins at `now`; both in milliseconds since 1970. */
  readonly endFrom: (now: number) => number;
}

/** How long a sleep is, or until when it lasts. */
export type SleepLength = { readonly ms: Duration } | { readonly until: Date | string };

/** @throws UnrecoverableError when the arguments make no sense. */
export function sleepCallOf(name: string, length: SleepLength, { key }: SleepOptions = {}): SleepCall {
  assertStepName(name, 'the name of a sleep');
  const part = partOf(key, `the key of the sleep '${name}'`);
  const title = `the sleep '${name}'${part.key === undefined ? '' : ` with the key '${part.key}'`}`;
  const end = 'ms' in length ? span(length.ms, title) : instant(length.until, title);
  const endFrom = (now: number) => {
    const at = 'ms' in length ? now + end : end;
    if (at <= now + MAX_AHEAD_MS) return at;
    throw misusedStep(`${title} would last longer than ${MAX_AHEAD_MS / 86_400_000} days`);
  };
  return { id: stepId({ name, ...part }), name, ...part, title, endFrom };
}

function span(duration: Duration, title: string): number {
  try {
    return millisecondsOf(duration);
  } catch (error) {
    throw misusedStep(`${title}: ${(error as Error).message}`);
  }
}

/** A text without its zone would be another instant on each machine. */
const HAS_ZONE = /T.*(?:Z|[+-]\d{2}:\d{2})$/i;

function instant(until: Date | string, title: string): number {
  const at = until instanceof Date ? until.getTime() : HAS_ZONE.test(until) ? Date.parse(until) : Number.NaN;
  if (Number.isFinite(at)) return at;
  throw misusedStep(
    `${title} must last until a Date, or an instant such as '2026-01-31T09:30:00Z', got: ${String(until)}`,
  );
}
