const codes = {
  timeout: 'ATTEMPT_TIMEOUT',
  shutdown: 'WORKER_SHUTDOWN',
  cancelled: 'JOB_CANCELLED',
  overtaken: 'ATTEMPT_OVERTAKEN',
} as const;

/**
 * Why the signal of an attempt was aborted: it took too long, the worker stops, somebody cancelled the job, or the job
 * has moved on without it in another way.
 */
export class AttemptAbortedError extends Error {
  readonly code: (typeof codes)[keyof typeof codes];
  readonly why: keyof typeof codes;

  constructor(why: keyof typeof codes, detail: string) {
    super(detail);
    this.name = 'AttemptAbortedError';
    this.why = why;
    this.code = codes[why];
  }
}
