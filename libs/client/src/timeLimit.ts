/** A signal that is aborted after `ms` milliseconds or with `signal`, whichever is first, until it is lifted. */
export interface TimeLimit {
  readonly signal: AbortSignal;
  /** From here on only the caller's own signal counts. */
  readonly lift: () => void;
}

/** Starts a time limit. */
export function timeLimit(ms: number, signal: AbortSignal | undefined): TimeLimit {
  const overdue = new AbortController();
  const reason = new DOMException(`nothing came within ${ms} ms`, 'TimeoutError');
  const timer = ms === Infinity ? undefined : setTimeout(() => overdue.abort(reason), ms);
  return {
    signal: signal === undefined ? overdue.signal : AbortSignal.any([signal, overdue.signal]),
    lift: () => clearTimeout(timer),
  };
}
