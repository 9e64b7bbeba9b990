import { evolve, isTerminal, type JobState } from '@jobstream/domain';
import type { EventLog } from '@jobstream/eventlog';

/** What the log says of the unique keys of jobs, read message by message from its beginning. */
export interface KeyHistory {
  /** The ids of the jobs that were created, by key. */
  readonly created: ReadonlyMap<string, readonly string[]>;
  /** `5: a and b`: where two jobs with one key had not ended at the same time. */
  readonly violations: readonly string[];
}

const PAGE = 5_000;

/** Replays the log and keeps count of who has not ended, at every message; of jobs that are unique while they are unfinished. */
export async function readKeyHistory(log: EventLog): Promise<KeyHistory> {
  const keys = new Keys();
  let position = 0;
  for (let page = await log.readNext(0, PAGE); page.length > 0; page = await log.readNext(position, PAGE)) {
    for (const entry of page) {
      position = entry.sequence;
      if (entry.kind === 'event') keys.add(position, entry.event);
    }
  }
  return keys;
}

class Keys implements KeyHistory {
  readonly created = new Map<string, string[]>();
  readonly violations: string[] = [];
  readonly #jobs = new Map<string, JobState>();
  readonly #open = new Map<string, Set<string>>();

  add(sequence: number, event: Parameters<typeof evolve>[1]): void {
    const before = this.#jobs.get(event.jobId);
    const job = evolve(before, event);
    this.#jobs.set(event.jobId, job);
    if (job?.uniqueKey === undefined) return;
    const { uniqueKey: key, id } = job;
    if (before === undefined) this.created.set(key, [...(this.created.get(key) ?? []), id]);
    const open = this.#open.get(key) ?? new Set<string>();
    this.#open.set(key, open);
    if (isTerminal(job.status)) open.delete(id);
    else open.add(id);
    if (open.size > 1) this.violations.push(`${sequence}: ${[...open].join(' and ')}`);
  }
}
