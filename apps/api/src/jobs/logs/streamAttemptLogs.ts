import type { Job, JobEventOf, LoggedEvent } from '@jobstream/domain';
import type { AttemptLogReader, LogPage, PositionedLine } from '@jobstream/eventlog';
import type { Request, Response } from 'express';
import type { ApiDeps } from '../../apiDeps.ts';
import { EventStream } from '../../feeds/eventStream.ts';
import { lastEventId } from '../../feeds/feedQuery.ts';
import { findJob } from '../read/findJob.ts';
import { noSuchJob } from '../view/jobPath.ts';
import { isOver, rangeOf } from './logRange.ts';
import { NewLines } from './newLines.ts';

interface Address {
  readonly jobId: string;
  readonly attempt: number;
}

/** Lines of an attempt that are new. */
interface LogNews extends LogPage {
  readonly isOver: boolean;
  /** Whether no more lines are to come, not even late ones. */
  readonly hasEnded: boolean;
}

const PAGE = 500;

/** Streams the lines of an attempt after `Last-Event-ID`, then live ones until the attempt is over. */
export async function streamAttemptLogs(address: Address, req: Request, res: Response, deps: ApiDeps): Promise<void> {
  const after = lastEventId(req);
  using stream = new EventStream({ res, ...deps });
  for await (const { lines, isOver: over, hasEnded } of followLines({ ...address, after }, deps, stream.over)) {
    if (lines.length > 0 || !over) stream.send(lines.map(frame).join(''));
    if (hasEnded) return stream.complete();
    await stream.taken();
  }
  stream.close();
}

/** Ends with the signal, or when the attempt is over and its lines have arrived. */
async function* followLines(
  { jobId, attempt, after }: Address & { readonly after: number | undefined },
  deps: ApiDeps,
  signal: AbortSignal,
): AsyncGenerator<LogNews> {
  const { log, limits } = deps;
  using news = await NewLines.of(jobId, deps);
  const lateness = new Lateness(limits.lateLinesMs, () => log.clock.now());
  let reader: AttemptLogReader | undefined;
  while (!signal.aborted) {
    const job = await findJob(jobId, deps);
    if (job === undefined) throw noSuchJob();
    const over = isOver(job, attempt);
    const { until, ...range } = rangeOf(job);
    reader ??= log.attemptLogs.open({ ...range, attempt, after });
    const page = await reader.next({ until, limit: PAGE });
    const hasEnded =
      over && !page.isMore && (lateness.isOver(job) || (await hasLastRun({ jobId, attempt }, reader, deps)));
    yield { ...page, isOver: over, hasEnded };
    if (hasEnded) return;
    if (!page.isMore) await news.next(signal);
  }
}

/** Whether all lines of the last run of the attempt were read. Where that run is not known, time decides. */
async function hasLastRun({ jobId, attempt }: Address, reader: AttemptLogReader, { log }: ApiDeps): Promise<boolean> {
  const history = await log.readHistory(jobId).catch(() => []);
  const last = history.findLast(({ event }) => beginsRun(event) && event.data.attempt === attempt);
  return last !== undefined && reader.hasAll(last.event.id);
}

function beginsRun(event: LoggedEvent): event is JobEventOf<'JobStarted' | 'JobResumed'> {
  return event.event === 'JobStarted' || event.event === 'JobResumed';
}

/** Measures whether the last lines of an attempt have had the time to arrive. */
class Lateness {
  readonly #lateMs: number;
  readonly #now: () => number;
  #since: number | undefined;

  constructor(lateMs: number, now: () => number) {
    this.#lateMs = lateMs;
    this.#now = now;
  }

  /** Is called from when on the attempt is over. */
  isOver({ updatedAt }: Job): boolean {
    this.#since ??= performance.now();
    return Math.max(performance.now() - this.#since, this.#now() - Date.parse(updatedAt)) > this.#lateMs;
  }
}

function frame({ line, position }: PositionedLine): string {
  return `id: ${position}\nevent: log\ndata: ${JSON.stringify(line)}\n\n`;
}
