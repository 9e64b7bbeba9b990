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
  const jobs = new Map<string, JobState>();
  const open = new Map<string, Set<string>>();
  const created = new Map<string, string[]>();
  const violations: string[] = [];
  let position = 0;
  for (let page = await log.readNext(0, PAGE); page.length > 0; page = await log.readNext(position, PAGE)) {
    for (const entry of page) {
      position = entry.sequence;
      if (entry.kind !== 'event') continue;
      const { event } = entry;
      const before = jobs.get(event.jobId);
      const job = evolve(before, event);
      jobs.set(event.jobId, job);
      if (job?.uniqueKey === undefined) continue;
      const { uniqueKey: key, id, status } = job;
      if (before === undefined) created.set(key, [...(created.get(key) ?? []), id]);
      const ofKey = open.get(key) ?? new Set<string>();
      open.set(key, ofKey);
      if (isTerminal(status)) ofKey.delete(id);
      else ofKey.add(id);
      if (ofKey.size > 1) violations.push(`${position}: ${[...ofKey].join(' and ')}`);
    }
  }
  return { created, violations };
}
