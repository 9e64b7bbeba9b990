import type { JobTypeInfo } from '@jobstream/eventlog';

const units: Readonly<Record<number, string>> = { 1_000: 's', 60_000: 'm', 3_600_000: 'h' };

/** A job type as clients see it. */
export function typeView({ jobType, paused, pausedUntil, backlog, inFlight, limits }: JobTypeInfo): object {
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
