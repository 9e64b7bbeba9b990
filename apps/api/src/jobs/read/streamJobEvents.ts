import { isTerminal } from '@jobstream/domain';
import { isReadableRecord } from '@jobstream/eventlog';
import type { Request, Response } from 'express';
import type { ApiDeps } from '../../apiDeps.ts';
import { callerOf, shownOfErrors } from '../../auth/caller.ts';
import { eventFrame } from '../../feeds/eventFrames.ts';
import { EventStream } from '../../feeds/eventStream.ts';
import { lastEventId } from '../../feeds/feedQuery.ts';
import { followJob } from '../../feeds/followJob.ts';
import { findJob } from './findJob.ts';
import { noSuchJob } from '../view/jobPath.ts';

/** Streams the events of one job: the history after `Last-Event-ID`, then live events until the job ends. */
export async function streamJobEvents(jobId: string, req: Request, res: Response, deps: ApiDeps): Promise<void> {
  const after = lastEventId(req) ?? 0;
  const shownOf = shownOfErrors(callerOf(res));
  using stream = new EventStream({ res, ...deps });
  for await (const { events, job } of followJob(jobId, deps, stream.over)) {
    if (job === undefined) return await completeWithoutHistory(jobId, stream, deps);
    const unseen = events.filter(isReadableRecord).filter(({ sequence }) => sequence > after);
    const hasEnded = isTerminal(job.status);
    if (unseen.length > 0 || !hasEnded) stream.send(unseen.map((recorded) => eventFrame(recorded, shownOf)).join(''));
    if (hasEnded) return stream.complete();
    await stream.taken();
  }
  stream.close();
}

/** A job whose events the log has lost has ended: nothing comes any more. */
async function completeWithoutHistory(jobId: string, stream: EventStream, deps: ApiDeps): Promise<void> {
  if ((await findJob(jobId, deps)) === undefined) throw noSuchJob();
  stream.complete();
}
