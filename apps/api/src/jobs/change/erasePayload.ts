import type { Job } from '@jobstream/domain';
import { isShredded } from '@jobstream/eventlog';
import type { RequestHandler } from 'express';
import type { ApiDeps } from '../../apiDeps.ts';
import { callerOf } from '../../auth/caller.ts';
import { entityTag } from '../../http/entityTag.ts';
import { sendJson } from '../../http/sendJson.ts';
import { Problem } from '../../problems/problem.ts';
import { jsonContent, type EndpointDocs } from '../../routes/endpointDocs.ts';
import { findJob } from '../read/findJob.ts';
import { jobIdOf, JobPath, noSuchJob } from '../view/jobPath.ts';
import { jobView, JobView } from '../view/jobView.ts';

export const erasePayloadDocs: EndpointDocs = {
  id: 'erasePayload',
  tag: 'jobs',
  summary: 'Erase the contents of a job',
  description:
    'Destroys the key that encrypts the payload, the result and the messages of the job. They then read as ' +
    '`{"shredded": true}`, and texts as `shredded`; the history remains. This cannot be undone.',
  path: JobPath,
  responses: {
    200: { description: 'The job without its contents.', headers: ['ETag'], content: jsonContent(JobView) },
  },
  problems: [
    'job-not-found',
    'contents-in-clear',
    'log-unavailable',
    'table-unavailable',
    'history-unavailable',
    'deadline-exceeded',
  ],
};

/** `DELETE /api/jobs/:id/payload`: destroys the key of the job, which makes its contents unreadable everywhere. */
export function erasePayload(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const id = jobIdOf(req, res);
    if ((await findJob(id, deps)) === undefined) throw noSuchJob();
    if (!(await deps.log.contents.shred(id))) throw contentsInClear();
    deps.logger.info({ jobId: id, by: callerOf(res).actor }, 'contents of a job erased');
    const job = await findJob(id, deps);
    if (job === undefined) throw noSuchJob();
    // A job that was created without keys gets one with its result, or with another payload.
    if (!(await areErased(job, deps))) throw contentsInClear();
    res.setHeader('ETag', entityTag(job.version));
    sendJson(res, 200, jobView(job));
  };
}

/** Whether the payload of the job is erased, and every one that it had before. */
async function areErased({ id, payload }: Job, { log }: ApiDeps): Promise<boolean> {
  const history = await log.readHistory(id);
  const earlier = history.flatMap(({ event: { data } }) => ('payload' in data ? [data.payload] : []));
  return [payload, ...earlier].every(isShredded);
}

function contentsInClear(): Problem {
  const detail = 'the job was created without PAYLOAD_KEYS, and events cannot be removed from the log';
  return new Problem('contents-in-clear', { detail });
}
