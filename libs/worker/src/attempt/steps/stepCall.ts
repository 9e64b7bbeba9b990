import { createHash } from 'node:crypto';
import { stepId, uuidV8, type Backoff, type Job } from '@jobstream/domain';
import type { StepContext, StepOptions } from '../../handler/step.ts';
import { misusedStep } from './stepErrors.ts';

/** The longest wait between two runs of a step in one attempt. */
export const LONGEST_WAIT_MS = 30_000;
const MOST_ATTEMPTS = 100;
const DEFAULT_BACKOFF: Backoff = { type: 'exponential', delayMs: 1_000, maxDelayMs: LONGEST_WAIT_MS, jitter: 0.2 };
const IS_NAME = /^\P{Cc}{1,128}$/u;

/** What the handler has asked for, checked. */
export interface StepCall {
  readonly id: string;
  readonly name: string;
  readonly key?: string;
  readonly maxAttempts: number;
  readonly backoff: Backoff;
  readonly work: (step: StepContext) => unknown;
}

/** The arguments of `ctx.step`. */
export type StepArguments = readonly [name: string, ...rest: readonly unknown[]];

/** @throws UnrecoverableError when they make no sense. */
export function stepCallOf([name, first, second]: StepArguments): StepCall {
  const [options, work] = typeof first === 'function' ? [{}, first] : [(first ?? {}) as StepOptions, second];
  const { key, maxAttempts = 1, backoff } = options;
  assertStepName(name, 'the name of a step');
  if (typeof work !== 'function') throw misusedStep(`the step '${name}' was given no function to run`);
  if (!Number.isInteger(maxAttempts) || maxAttempts < 1 || maxAttempts > MOST_ATTEMPTS)
    throw misusedStep(`maxAttempts of the step '${name}' must be a whole number from 1 to ${MOST_ATTEMPTS}`);
  const part = partOf(key, `the key of the step '${name}'`);
  return {
    id: stepId({ name, ...part }),
    name,
    ...part,
    maxAttempts,
    backoff: backoffOf(backoff, name),
    work: work as StepCall['work'],
  };
}

/** How a step is called in messages. */
export function titleOf({ name, key }: Pick<StepCall, 'name' | 'key'>): string {
  return key === undefined ? `the step '${name}'` : `the step '${name}' with the key '${key}'`;
}

/**
 * The same in every attempt, and another for each other step and generation of the job: a UUID of the SHA-256 of job id, generation,
 * name and key, a line each.
 */
export function idempotencyKeyOf({ id, generation = 0 }: Pick<Job, 'id' | 'generation'>, step: StepCall): string {
  const text = [id, generation, step.name, step.key ?? ''].join('\n');
  return uuidV8(createHash('sha256').update(text).digest('hex'));
}

/** The key as text, checked. */
export function partOf(key: string | number | undefined, what: string): { key?: string } {
  if (key === undefined) return {};
  const text = String(key);
  assertStepName(text, what);
  return { key: text };
}

/** @throws UnrecoverableError when it is no name. */
export function assertStepName(name: unknown, what: string): void {
  if (typeof name === 'string' && name.isWellFormed() && IS_NAME.test(name)) return;
  throw misusedStep(`${what} must have 1 to 128 characters, and no control characters`);
}

function backoffOf(asked: StepOptions['backoff'], name: string): Backoff {
  if (asked === undefined) return DEFAULT_BACKOFF;
  const backoff = { ...DEFAULT_BACKOFF, ...asked } as Backoff;
  const { delayMs } = backoff;
  if (Number.isFinite(delayMs) && delayMs >= 0 && delayMs <= LONGEST_WAIT_MS) return backoff;
  throw misusedStep(`the step '${name}' may wait from 0 to ${LONGEST_WAIT_MS} ms before it is run again`);
}
