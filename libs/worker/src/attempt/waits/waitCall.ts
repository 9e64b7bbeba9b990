import { MAX_AHEAD_MS, stepId } from '@jobstream/domain';
import { millisecondsOf } from '../../handler/duration.ts';
import type { WaitOptions } from '../../handler/waitFor.ts';
import { assertStepName, partOf } from '../steps/stepCall.ts';
import { misusedStep } from '../steps/stepErrors.ts';

/** What the handler has asked for, checked. */
export interface WaitCall {
  readonly id: string;
  readonly name: string;
  readonly key?: string;
  /** Such as `the wait 'approval' for the signal 'approved'`. */
  readonly title: string;
  /** The name of the signal. */
  readonly signal: string;
  /** Milliseconds; undefined for no limit. */
  readonly timeoutMs: number | undefined;
}

/** @throws UnrecoverableError when the arguments make no sense. */
export function waitCallOf(name: string, signal: string, { key, timeout }: WaitOptions = {}): WaitCall {
  assertStepName(name, 'the name of a wait');
  const part = partOf(key, `the key of the wait '${name}'`);
  const title = `the wait '${name}'${part.key === undefined ? '' : ` with the key '${part.key}'`} for the signal '${signal}'`;
  return { id: stepId({ name, ...part }), name, ...part, title, signal, timeoutMs: limitOf(timeout, title) };
}

function limitOf(timeout: WaitOptions['timeout'], title: string): number | undefined {
  if (timeout === undefined) return undefined;
  let ms: number;
  try {
    ms = millisecondsOf(timeout);
  } catch (error) {
    throw misusedStep(`${title}: ${(error as Error).message}`);
  }
  if (ms <= MAX_AHEAD_MS) return ms;
  throw misusedStep(`${title} would last longer than ${MAX_AHEAD_MS / 86_400_000} days: leave its timeout out`);
}
