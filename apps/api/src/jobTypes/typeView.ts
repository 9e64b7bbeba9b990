import { JobType, Timestamp } from '@jobstream/domain';
import type { JobTypeInfo } from '@jobstream/eventlog';
import { Schema } from 'effect';
import type { BodyOf } from '../http/bodyOf.ts';

/** A job type as clients see it. */
export const TypeView = Schema.Struct({
  type: JobType,
  paused: Schema.Boolean,
  until: Schema.optionalKey(Timestamp).annotateKey({ description: 'When the pause ends by itself.' }),
  backlog: Schema.Int.annotateKey({ description: 'Jobs that no worker has got yet.' }),
  inFlight: Schema.Int.annotateKey({ description: 'Jobs that workers hold.' }),
  limits: Schema.optionalKey(
    Schema.Struct({ concurrency: Schema.optionalKey(Schema.Int), rate: Schema.optionalKey(Schema.String) }),
  ).annotateKey({ description: 'Those of each worker process, as the one that started last has told them.' }),
}).annotate({ identifier: 'JobType' });

const units: Readonly<Record<number, string>> = { 1_000: 's', 60_000: 'm', 3_600_000: 'h' };

export function typeView(info: JobTypeInfo): BodyOf<typeof TypeView> {
  const { jobType, paused, pausedUntil, backlog, inFlight, limits } = info;
  return {
    type: jobType,
    paused,
    until: pausedUntil,
    backlog,
    inFlight,
    limits: limits && { concurrency: limits.concurrency, rate: limits.rate && rateText(limits.rate) },
  };
}

/** As in WORKER_LIMITS: `20/m`. */
function rateText({ starts, perMs }: { readonly starts: number; readonly perMs: number }): string {
  return `${starts}/${units[perMs] ?? `${perMs}ms`}`;
}
