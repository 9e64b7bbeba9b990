import type { Job } from '@jobstream/domain';
import * as Schema from 'effect/Schema';
import type { RequestHandler } from 'express';
import type { ApiDeps } from '../../apiDeps.ts';
import { callerOf, shownOfErrors } from '../../auth/caller.ts';
import { sendJson } from '../../http/sendJson.ts';
import { jsonContent, type EndpointDocs } from '../../routes/endpointDocs.ts';
import { jobIdOf, JobPath, noSuchJob } from '../view/jobPath.ts';
import { JobStepView, stepView } from '../view/stepView.ts';
import { findJob } from './findJob.ts';

/** The response of `GET /api/jobs/:id/steps`. */
const JobSteps = Schema.Struct({ items: Schema.Array(JobStepView) }).annotate({ identifier: 'JobSteps' });

export const getJobStepsDocs: EndpointDocs = {
  id: 'getJobSteps',
  tag: 'jobs',
  summary: 'Get the steps of a job',
  description:
    'Each as it was recorded last, in the order in which they have ended. Those with a result are not run again, also not after a retry, unless that brings another payload.',
  path: JobPath,
  responses: {
    200: { description: 'The steps; none for a job whose handler has none.', content: jsonContent(JobSteps) },
  },
  problems: ['job-not-found', 'log-unavailable', 'table-unavailable', 'history-unavailable', 'deadline-exceeded'],
};

/** `GET /api/jobs/:id/steps`: from the table, which is as far as its position says; of a job that has left it, from the log. */
export function getJobSteps(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const id = jobIdOf(req, res);
    const job = await findJob(id, deps);
    if (job === undefined) throw noSuchJob();
    const steps = await deps.log.contents.openSteps(id, await storedSteps(job, deps));
    const shownOf = shownOfErrors(callerOf(res));
    sendJson(res, 200, { items: steps.map((step) => stepView(step, shownOf)) });
  };
}

async function storedSteps({ id, type, stepsRecorded = 0 }: Job, { table, log }: ApiDeps) {
  const steps = await table.readSteps(id);
  return steps.length > 0 || stepsRecorded === 0 ? steps : ((await log.readJob(id, type))?.steps ?? []);
}
