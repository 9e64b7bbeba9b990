import { eventSubject } from '@jobstream/eventlog';
import type { LogEntry } from '@jobstream/eventlog';
import type { AppliedBatch, SecondTables } from '@jobstream/readmodel';

/** A message on the subject of a job that changes no job, whoever folds the log. */
interface IgnoredMessage {
  readonly sequence: number;
  readonly subject: string;
  readonly reason: string;
}

export interface IgnoredFound {
  readonly total: number;
  readonly first: readonly IgnoredMessage[];
}

type Tables = Pick<SecondTables, 'apply' | 'lastSequence'>;

const MAX_NAMED = 20;
const CHANGES_NOTHING = 'a copy, or an event that the state of its job does not allow';

/** Counts the messages on subjects of jobs that change nothing, and keeps the first of them. */
export class IgnoredMessages {
  #total = 0;
  readonly #first: IgnoredMessage[] = [];
  /** Jobs whose creation only a newer release can read: it folds their events. */
  readonly #unreadable = new Set<string>();

  get found(): IgnoredFound {
    return { total: this.#total, first: [...this.#first] };
  }

  /** Counts in each batch of these tables, once it is committed. */
  watch(tables: Tables): { apply(entries: readonly LogEntry[]): Promise<AppliedBatch>; readonly lastSequence: number } {
    return {
      lastSequence: tables.lastSequence,
      apply: async (entries) => {
        const applied = await tables.apply(entries);
        this.#add(entries, new Set(applied.ignored));
        return applied;
      },
    };
  }

  #add(entries: readonly LogEntry[], ignored: ReadonlySet<number>): void {
    for (const entry of entries) {
      const reason = this.#whyIgnored(entry, ignored);
      if (reason === undefined || entry.kind === 'other') continue;
      this.#total += 1;
      const subject = entry.kind === 'event' ? eventSubject(entry.event) : entry.subject;
      if (this.#first.length < MAX_NAMED) this.#first.push({ sequence: entry.sequence, subject, reason });
    }
  }

  #whyIgnored(entry: LogEntry, ignored: ReadonlySet<number>): string | undefined {
    if (entry.kind === 'malformed') return entry.reason;
    if (entry.kind === 'other' || !ignored.has(entry.sequence)) return undefined;
    const { event } = entry;
    if (event.event === 'UnreadableEvent' && event.version === 1) this.#unreadable.add(event.jobId);
    return this.#unreadable.has(event.jobId) ? undefined : CHANGES_NOTHING;
  }
}
