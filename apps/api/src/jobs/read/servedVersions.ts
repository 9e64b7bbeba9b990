import type { Job } from '@jobstream/domain';

/**
 * The versions of jobs that this process has shown from the log. The table may be a moment behind them, and a client
 * that saw a job completed must not see it pending again. The oldest are forgotten first, beyond `most` jobs.
 */
export class ServedVersions {
  readonly #most: number;
  readonly #versions = new Map<string, number>();

  constructor(most = 100_000) {
    this.#most = most;
  }

  /** The newest version shown of the job; 0 when the table has what was shown. */
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

  /** The table has caught up with the job. */
  clear(id: string): void {
    this.#versions.delete(id);
  }
}
