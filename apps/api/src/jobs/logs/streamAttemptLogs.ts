import { setTimeout as pause } from 'node:timers/promises';
import type { Job } from '@jobstream/domain';
import type { LogPage, PositionedLine } from '@jobstream/eventlog';
import type { Request, Response } from 'express';
import type { ApiDeps } from '../../apiDeps.ts';
import { openEventStream } from '../../feeds/eventStream.ts';
import { lastEventId } from '../../feeds/feedQuery.ts';
import { findJob } from '../read/findJob.ts';
import { noSuchJob } from '../view/jobPath.ts';
import { isOver, rangeOf } from './logRange.ts';

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

const POLL_MS = 250;
const HEARTBEAT_MS = 15_000;
/** How long the last lines of an attempt may take to arrive after it is over. */
const LATE_MS = 1_500;
const PAGE = 500;
const NO_CONTENT = 204;

/** Streams the lines of an attempt after `Last-Event-ID`, then live ones until the attempt is over. */
export async function streamAttemptLogs(address: Address, req: Request, res: Response, deps: ApiDeps): Promise<void> {
  const after = lastEventId(req);
  const over = new AbortController();
  const abort = () => over.abort();
  deps.longRequests.track('feeds', res, abort);
  res.once('close', abort);
  const heartbeat = setInterval(() => sendHeartbeat(res), HEARTBEAT_MS);
  try {
    for await (const news of followLines({ ...address, after }, deps, over.signal)) {
      if (res.destroyed) return;
      await send(news, res, over.signal);
    }
  } finally {
    clearInterval(heartbeat);
  }
  res.end();
}

/** Ends with the signal, or when the attempt is over and its lines have arrived. */
async function* followLines(
  { jobId, attempt, after }: Address & { readonly after: number | undefined },
  { log, ...deps }: ApiDeps,
  signal: AbortSignal,
): AsyncGenerator<LogNews> {
  const lateness = new Lateness(() => log.clock.now());
  let position = after;
  while (!signal.aborted) {
    const job = await findJob(jobId, { log, ...deps });
    if (job === undefined) throw noSuchJob();
    const over = isOver(job, attempt);
    const page = await log.attemptLogs.read({ ...rangeOf(job), attempt, after: position, limit: PAGE });
    position = page.position;
    const isLate = over && lateness.isOver(job);
    const hasEnded = over && !page.isMore && (isLate || page.endedRuns.length > 0);
    yield { ...page, isOver: over, hasEnded };
    if (hasEnded) return;
    if (!page.isMore) await pause(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** Measures whether the last lines of an attempt have had the time to arrive. */
class Lateness {
  readonly #now: () => number;
  #since: number | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Is called from when on the attempt is over. */
  isOver({ updatedAt }: Job): boolean {
    this.#since ??= performance.now();
    return performance.now() - this.#since > LATE_MS || this.#now() - Date.parse(updatedAt) > LATE_MS;
  }
}

/** Waits for a client that reads slowly. */
async function send({ lines, isOver: over, hasEnded }: LogNews, res: Response, signal: AbortSignal): Promise<void> {
  if (lines.length === 0 && over && !res.headersSent) {
    if (hasEnded) res.statusCode = NO_CONTENT; // tells browsers not to reconnect
    return;
  }
  if (!res.headersSent) openEventStream(res);
  const isTaken = res.write(lines.map(frame).join(''));
  if (isTaken || lines.length === 0) return;
  await new Promise<void>((resolve) => {
    res.once('drain', resolve);
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function frame({ line, position }: PositionedLine): string {
  return `id: ${position}\nevent: log\ndata: ${JSON.stringify(line)}\n\n`;
}

function sendHeartbeat(res: Response): void {
  if (res.headersSent && !res.writableNeedDrain) res.write(': heartbeat\n\n');
}
