import { randomBytes } from 'node:crypto';
import os from 'node:os';

/** The version of this package. */
export const VERSION = '0.2.0';

/** How a worker presents itself in announcements. */
export interface WorkerIdentity {
  /** A name that no other start of a worker has, e.g. `build-7-4711-9f3c2a`. */
  readonly worker: string;
  readonly host: string;
  readonly pid: number;
  /** RFC 3339. */
  readonly startedAt: string;
  /** What its program is called. */
  readonly name?: string | undefined;
  readonly version?: string | undefined;
  readonly runtime: string;
}

/** Returns the identity of a worker that starts in this process now. */
export function workerIdentity({ name, version }: Pick<WorkerIdentity, 'name' | 'version'> = {}): WorkerIdentity {
  const host = os.hostname();
  return {
    worker: `${host}-${process.pid}-${randomBytes(3).toString('hex')}`,
    host,
    pid: process.pid,
    startedAt: new Date().toISOString(),
    ...(name === undefined ? {} : { name }),
    ...(version === undefined ? {} : { version }),
    runtime: `jobstream-worker/${VERSION} node/${process.versions.node}`,
  };
}
