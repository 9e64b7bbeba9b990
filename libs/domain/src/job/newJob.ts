import * as Schema from 'effect/Schema';
import { type Backoff, defaultBackoff, RequestedBackoff } from './settings/backoff.ts';
import { type ByDefinition, definedSettings, MaxAttempts, TimeoutMs } from './job.ts';
import type { Priority } from './settings/priority.ts';
import { completeUnique, type RequestedUnique } from './settings/unique.ts';

/** What a job has where its creator says nothing. */
export const newJobDefaults = { payload: null, maxAttempts: 5, timeoutMs: 3_600_000, tags: [] } as const;
/** How far ahead a job may be due. */
export const MAX_AHEAD_MS = 366 * 86_400_000;
/** The maximum size of a payload as compact JSON. */
export const MAX_PAYLOAD_BYTES = 256 * 1_024;

/** What the definition of a job type gives to the jobs whose creators say nothing. */
export const JobDefaults = Schema.Struct({
  maxAttempts: Schema.optionalKey(MaxAttempts),
  backoff: Schema.optionalKey(RequestedBackoff),
  timeoutMs: Schema.optionalKey(TimeoutMs),
});
export type JobDefaults = typeof JobDefaults.Type;

const decodeDefaults = Schema.decodeUnknownResult(JobDefaults);

/** Reads what a worker has announced; fields of newer releases are left out. */
export function decodeJobDefaults(value: unknown): { readonly defaults: JobDefaults } | { readonly problem: string } {
  const decoded = decodeDefaults(value);
  return decoded._tag === 'Success' ? { defaults: decoded.success } : { problem: decoded.failure.message };
}

/** The definition that holds for a job type, and the worker that has announced it. */
export interface HoldingDefinition {
  readonly defaults: JobDefaults;
  readonly worker: string;
}

/** A job as its creator asks for it. */
export interface NewJobRequest {
  readonly type: string;
  readonly payload?: unknown;
  readonly runAt?: string;
  readonly delayMs?: number;
  readonly maxAttempts?: number;
  readonly backoff?: RequestedBackoff;
  readonly timeoutMs?: number;
  readonly tags?: readonly string[];
  readonly unique?: RequestedUnique;
  readonly priority?: Priority;
}

/** Checks the due time of a request, which two fields determine; `now` is in milliseconds. */
export function dueTimeFaults(
  request: unknown,
  now: number,
): readonly { readonly pointer: string; readonly detail: string }[] {
  if (typeof request !== 'object' || request === null) return [];
  const { runAt, delayMs } = request as { runAt?: unknown; delayMs?: unknown };
  if (runAt === undefined) return [];
  if (delayMs !== undefined) return [{ pointer: '/delayMs', detail: 'must not be given together with runAt' }];
  const tooFar = typeof runAt === 'string' && Date.parse(runAt) > now + MAX_AHEAD_MS;
  return tooFar ? [{ pointer: '/runAt', detail: 'must be at most a year ahead' }] : [];
}

/**
 * Fills in what a request leaves out: from the definition of its type, otherwise the defaults of all jobs. `delayMs` counts from
 * `now`, the server's time in milliseconds.
 */
export function jobSettings(request: NewJobRequest, now: number, definition?: HoldingDefinition) {
  const { type, delayMs = 0, runAt, unique, ...given } = request;
  const dueAt = runAt ?? (delayMs > 0 ? new Date(now + delayMs).toISOString() : undefined);
  const settings = { ...newJobDefaults, ...definition?.defaults, ...given };
  return {
    ...settings,
    jobType: type,
    backoff: completeBackoff(settings.backoff),
    ...byDefinition(request, definition),
    ...(dueAt === undefined ? {} : { runAt: dueAt }),
    ...(delayMs > 0 ? { delayMs } : {}),
    ...(unique === undefined ? {} : { unique: completeUnique(unique) }),
  };
}

function byDefinition(
  request: NewJobRequest,
  definition: HoldingDefinition | undefined,
): { readonly byDefinition?: ByDefinition } {
  if (definition === undefined) return {};
  const { defaults, worker } = definition;
  const settings = definedSettings.filter((one) => request[one] === undefined && defaults[one] !== undefined);
  return settings.length === 0 ? {} : { byDefinition: { settings, worker } };
}

function completeBackoff(requested: RequestedBackoff | undefined): Backoff {
  if (requested === undefined) return defaultBackoff;
  if (requested.type === 'fixed') return { delayMs: defaultBackoff.delayMs, ...requested };
  // The zeros only satisfy the type: the default is exponential and brings its own.
  const base = { maxDelayMs: 0, jitter: 0, ...defaultBackoff };
  const maxDelayMs = Math.max(base.maxDelayMs, requested.delayMs ?? 0);
  return { ...base, maxDelayMs, ...requested };
}
