import { JobId, JobType, Timestamp } from '@jobstream/domain';
import { isReadableRecord, type RecordedEvent } from '@jobstream/eventlog';
import * as Schema from 'effect/Schema';
import type { Request, RequestHandler } from 'express';
import type { ApiDeps } from '../../apiDeps.ts';
import { callerOf, shownOfErrors } from '../../auth/caller.ts';
import { changesOf } from '../../feeds/followJob.ts';
import { type BodyOf, sendJson } from '../../http/sendJson.ts';
import { withinDeadline } from '../../http/withinDeadline.ts';
import { jsonContent, type EndpointDocs } from '../../routes/endpointDocs.ts';
import { jobEventView, JobEventView } from '../view/jobEventView.ts';
import { jobIdOf, JobPath, noSuchJob } from '../view/jobPath.ts';
import { findJob } from './findJob.ts';
import { streamJobEvents } from './streamJobEvents.ts';

/** An event in the JSON format of CloudEvents 1.0, with extension attributes. */
const CloudEvent = Schema.Struct({
  specversion: Schema.Literal('1.0'),
  id: Schema.String,
  source: Schema.String,
  type: Schema.String,
  subject: JobId,
  time: Timestamp,
  datacontenttype: Schema.Literal('application/json'),
  sequence: Schema.String,
  recordedat: Timestamp,
  jobtype: JobType,
  jobversion: Schema.Int,
  data: Schema.Record(Schema.String, Schema.Unknown),
  correlationid: Schema.optionalKey(Schema.String),
  causationid: Schema.optionalKey(Schema.String),
}).annotate({ identifier: 'CloudEvent' });

/** The response of `GET /api/jobs/:id/events`. */
const JobHistory = Schema.Struct({ items: Schema.Array(JobEventView) }).annotate({ identifier: 'JobHistory' });

export const getJobEventsDocs: EndpointDocs = {
  id: 'getJobEvents',
  tag: 'events',
  summary: 'Get the history of a job',
  description:
    'Oldest first, from the event log. As `text/event-stream`, the history is followed by live events until the job ends.',
  path: JobPath,
  headers: ['Last-Event-ID'],
  responses: {
    200: {
      description: 'The events of the job.',
      headers: ['Cache-Control'],
      content: {
        ...jsonContent(JobHistory),
        'application/cloudevents-batch+json': { schema: Schema.Array(CloudEvent) },
        'text/event-stream': { item: JobEventView },
      },
    },
    204: { description: 'As a stream: the job has ended and the client has all events. Do not reconnect.' },
  },
  problems: [
    'job-not-found',
    'job-unreadable',
    'log-unavailable',
    'history-unavailable',
    'deadline-exceeded',
    'too-many-feeds',
    'caller-share-exceeded',
    'stopping',
  ],
};

const JSON_TYPE = 'application/json';
const CLOUD_EVENTS = 'application/cloudevents-batch+json';
const EVENT_STREAM = 'text/event-stream';

/** `GET /api/jobs/:id/events`: the history of a job from the log, oldest first; as a stream also live events. */
export function getJobEvents(deps: ApiDeps): RequestHandler {
  const list = withinDeadline(listEvents(deps));
  return async (req, res, next) => {
    res.vary('Accept');
    const live = wantedType(req) === EVENT_STREAM && req.method !== 'HEAD';
    return live ? streamJobEvents(jobIdOf(req, res), req, res, deps) : list(req, res, next);
  };
}

function listEvents(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const history = await historyOf(jobIdOf(req, res), deps);
    res.setHeader('Cache-Control', 'private, no-cache');
    const shownOf = shownOfErrors(callerOf(res));
    const views = history.map((recorded) => jobEventView(recorded, shownOf));
    if (wantedType(req) === CLOUD_EVENTS) sendJson(res, 200, views.map(cloudEvent), CLOUD_EVENTS);
    else sendJson(res, 200, { items: views });
  };
}

/** Empty for a job that is in the table, and whose events the log has lost: without an archive it keeps them for JOBS_MAX_AGE. */
async function historyOf(id: string, deps: ApiDeps): Promise<readonly RecordedEvent[]> {
  const { events, job } = changesOf(undefined, await deps.log.readWholeHistory(id));
  if (job === undefined && (await findJob(id, deps)) === undefined) throw noSuchJob();
  return events.filter(isReadableRecord);
}

function wantedType(req: Request): string | false {
  return req.accepts([JSON_TYPE, CLOUD_EVENTS, EVENT_STREAM]);
}

function cloudEvent({ sequence, recordedAt, ...event }: BodyOf<typeof JobEventView>): BodyOf<typeof CloudEvent> {
  return {
    specversion: '1.0',
    id: event.id,
    source: `/api/jobs/${event.jobId}`,
    type: `jobstream.${event.event}`,
    subject: event.jobId,
    time: event.at,
    datacontenttype: 'application/json',
    sequence: String(sequence),
    recordedat: recordedAt,
    jobtype: event.jobType,
    jobversion: event.version,
    data: event.data,
    correlationid: event.correlationId,
    causationid: event.causationId,
  };
}
