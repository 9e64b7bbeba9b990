import { randomBytes } from 'node:crypto';
import os from 'node:os';

/** A name that no other start of a worker has, e.g. `build-7-4711-9f3c2a`. */
export function workerName(): string {
  return `${os.hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`;
}
