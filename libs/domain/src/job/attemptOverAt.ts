import { addMs, type Timestamp } from '../messages/timestamp.ts';

/** After its timeout an attempt has this long to record its outcome. */
const GRACE_MS = 60_000;

/** When an attempt that began at `startedAt` is over for certain, whatever has become of its worker. */
export function attemptOverAt(startedAt: Timestamp, timeoutMs: number): Timestamp {
  return addMs(startedAt, timeoutMs + GRACE_MS);
}
