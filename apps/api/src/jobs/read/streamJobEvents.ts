import { isTerminal, type LoggedEvent } from '@jobstream/domain';
import { isReadableRecord, type RecordedEvent } from '@jobstream/eventlog';
import type { Request, Response } from 'express';
import type { ApiDeps } from '../../apiDeps.ts';
import { callerOf, shownOfErrors } from '../../auth/caller.ts';
import { eventFrame, openEventStream } from '../../feeds/eventStream.ts';
import { lastEventId } from '../../feeds/feedQuery.ts';
import { followJob } from '../../feeds/followJob.ts';
import { findJob } from './findJob.ts';
import { noSuchJob } from '../view/jobPath.ts';

const HEARTBEAT_MS = 15_000;
/** A client with more unsent bytes than this before an event is disconnected, and resumes. */
const MAX_WAITING_BYTES = 1_048_576;

/** Streams the events of one job: the history after `Last-Event-ID`, then live events until the job ends. */
export async function streamJobEvents(jobId: string, req: Request, res: Response, deps: ApiDeps): Promise<void> {
  const after = lastEventId(req) ?? 0;
  const over = new AbortController();
  const abort = () => over.abort();
  deps.longRequests.track('feeds', res, abort);
  res.once('close', abort);
  const heartbeat = setInterval(() => sendHeartbeat(res), HEARTBEAT_MS);
  try {
    for await (const { events, job } of followJob(jobId, deps, over.signal)) {
      if (job === undefined) return await endWithoutHistory(jobId, res, deps);
      if (!send(events, after, { res, hasEnded: isTerminal(job.status) })) return;
    }
  } finally {
    clearInterval(heartbeat);
  }
  res.end();
}

/** A job whose events the log has lost has ended: nothing comes any more. */
async function endWithoutHistory(jobId: string, res: Response, deps: ApiDeps): Promise<void> {
  if ((await findJob(jobId, deps)) === undefined) throw noSuchJob();
  res.statusCode = 204;
  res.end();
}

interface Stream {
  readonly res: Response;
  readonly hasEnded: boolean;
}

/** Returns false when the stream is over. */
function send(events: readonly RecordedEvent<LoggedEvent>[], after: number, { res, hasEnded }: Stream): boolean {
  const unseen = events.filter(isReadableRecord).filter(({ sequence }) => sequence > after);
  if (unseen.length === 0 && hasEnded && !res.headersSent) {
    res.statusCode = 204; // tells browsers not to reconnect
    res.end();
    return false;
  }
  if (res.writableLength > MAX_WAITING_BYTES) return disconnect(res);
  if (!res.headersSent) openEventStream(res);
  const shownOf = shownOfErrors(callerOf(res));
  for (const recorded of unseen) res.write(eventFrame(recorded, shownOf));
  if (hasEnded) res.end();
  return !hasEnded;
}

function disconnect(res: Response): false {
  res.destroy();
  return false;
}

function sendHeartbeat(res: Response): void {
  if (res.headersSent && !res.writableNeedDrain) res.write(': heartbeat\n\n');
}
