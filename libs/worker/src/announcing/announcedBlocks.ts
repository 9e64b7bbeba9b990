import { MAX_BLOCK_JOBS, MAX_BLOCKS, type AnnouncedBlock } from '@jobstream/eventlog';
import type { BlockedLoop } from '../watchdog/loopWatchdog.ts';

/**
 * The blocks of the event loop that a worker announces with its job types. Of more than 10 of a type the newest stay, and those that
 * may have cost it jobs before the shorter ones.
 */
export class AnnouncedBlocks {
  readonly #byType = new Map<string, readonly AnnouncedBlock[]>();
  readonly #ackWaitMs: number;

  constructor(ackWaitMs: number) {
    this.#ackWaitMs = ackWaitMs;
  }

  of(jobType: string): readonly AnnouncedBlock[] | undefined {
    return this.#byType.get(jobType);
  }

  /** Adds a block that ended at `endedAt`, in milliseconds by the server's clock, and returns the types whose jobs ran. */
  add({ durationMs, runs }: BlockedLoop, endedAt: number): readonly string[] {
    const since = new Date(endedAt - durationMs).toISOString();
    const byType = Map.groupBy(runs, ({ jobType }) => jobType);
    for (const [jobType, ofType] of byType) {
      const jobs = ofType.slice(0, MAX_BLOCK_JOBS).map(({ jobId, attempt }) => ({ jobId, attempt }));
      this.#byType.set(jobType, this.#kept([...(this.#byType.get(jobType) ?? []), { since, durationMs, jobs }]));
    }
    return [...byType.keys()];
  }

  #kept(blocks: readonly AnnouncedBlock[]): readonly AnnouncedBlock[] {
    if (blocks.length <= MAX_BLOCKS) return blocks;
    // A worker extends its leases every third of this time, so a shorter block costs no job.
    const leastMs = this.#ackWaitMs / 2;
    const dropped = blocks.findIndex(({ durationMs }) => durationMs < leastMs);
    return blocks.toSpliced(Math.max(0, dropped), 1);
  }
}
