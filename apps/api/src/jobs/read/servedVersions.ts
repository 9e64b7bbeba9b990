import type { Job } from '@jobstream/domain';

/**
 * The versions of jobs that this process has served from the log.
 *
 * The table may lag behind them, and a client that saw a job completed must not see it pending again. The least
 * recently served are dropped beyond `most` jobs.
 */
export class ServedVersions {
  readonly #most: number;
  readonly #versions = new Map<string, number>();

  constructor(most = 100_000) {
    this.#most = most;
  }

  /** The newest version served of the job; 0 when the table has it. */
  of(id: string): number {
    return this.#versions.get(id) ?? 0;
  }

  record({ id, version }: Pick<Job, 'id' | 'version'>): void {
    const newest = Math.max(version, this.of(id));
    this.#versions.delete(id);
    this.#versions.set(id, newest);
    const [oldest] = this.#versions.keys();
    if (this.#versions.size > this.#most && oldest !== undefined) this.#versions.delete(oldest);
  }

  /** Forgets a job that the table has caught up with. */
  clear(id: string): void {
    this.#versions.delete(id);
  }
}
