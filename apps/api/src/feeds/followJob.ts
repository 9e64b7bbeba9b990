import { evolve, type JobState, type LoggedEvent } from '@jobstream/domain';
import type { RecordedEvent } from '@jobstream/eventlog';
import type { ApiDeps } from '../apiDeps.ts';

type Recorded = RecordedEvent<LoggedEvent>;

/** Some events of a job, each of which has changed it, and the job after them. */
interface JobNews {
  readonly events: readonly Recorded[];
  readonly job: JobState;
}

/**
 * Yields the history of a job, then its events as they happen, without gaps or duplicates, and without those that change
 * nothing.
 *
 * The history comes first, empty for an unknown job. Ends with the signal or the live tail.
 */
export async function* followJob(
  jobId: string,
  { log, tail }: Pick<ApiDeps, 'log' | 'tail'>,
  signal: AbortSignal,
): AsyncGenerator<JobNews> {
  await tail.ensureStarted();
  const inbox = new Inbox();
  // Subscribes before reading and includes the recent events: a replica that is read may lag behind the tail.
  const watch = tail.watch(jobId, inbox);
  signal.addEventListener('abort', inbox.onEnd, { once: true });
  if (signal.aborted) inbox.onEnd();
  try {
    for (const recorded of watch.recent) inbox.onEvent(recorded);
    const history = await log.readWholeHistory(jobId);
    let news = changesOf(undefined, history);
    yield news;
    for await (const arrived of inbox.after(history.at(-1)?.sequence ?? 0)) {
      news = changesOf(news.job, await log.contents.openEvents(arrived));
      if (news.events.length > 0) yield news;
    }
  } finally {
    watch.leave();
    signal.removeEventListener('abort', inbox.onEnd);
  }
}

/** Folds events onto a job, and leaves out those that change nothing, which any program can store. */
export function changesOf(before: JobState, arrived: readonly Recorded[]): JobNews {
  let job = before;
  const events = arrived.filter(({ event }) => {
    const earlier = job;
    job = evolve(earlier, event);
    return job !== earlier;
  });
  return { events, job };
}

class Inbox {
  #arrived: Recorded[] = [];
  #ended = false;
  #news = Promise.withResolvers<void>();

  readonly onEvent = (recorded: Recorded): void => {
    this.#arrived.push(recorded);
    this.#news.resolve();
  };

  readonly onEnd = (): void => {
    this.#ended = true;
    this.#news.resolve();
  };

  /** Yields received events with a sequence beyond `last`. */
  async *after(last: number): AsyncGenerator<readonly Recorded[]> {
    let through = last;
    while (!this.#ended) {
      const known = through;
      const next = this.#arrived.filter(({ sequence }) => sequence > known);
      this.#arrived = [];
      this.#news = Promise.withResolvers();
      if (next.length === 0) await this.#news.promise;
      else {
        through = next.at(-1)?.sequence ?? through;
        yield next;
      }
    }
  }
}
