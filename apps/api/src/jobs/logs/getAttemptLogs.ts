import { JobId, Timestamp } from '@jobstream/domain';
import { attemptLogLevels } from '@jobstream/domain';
import type { AttemptLogLine } from '@jobstream/eventlog';
import * as Schema from 'effect/Schema';
import type { Request, RequestHandler, Response } from 'express';
import type { ApiDeps } from '../../apiDeps.ts';
import { integerParameter, invalidParameters, queryDecoder } from '../../http/parsing/decodeQuery.ts';
import { linkToNext } from '../../http/pages.ts';
import { type BodyOf, sendJson } from '../../http/sendJson.ts';
import { withinDeadline } from '../../http/withinDeadline.ts';
import { jsonContent, type EndpointDocs } from '../../routes/endpointDocs.ts';
import { findJob } from '../read/findJob.ts';
import { jobIdOf, noSuchJob } from '../view/jobPath.ts';
import { rangeOf } from './logRange.ts';
import { streamAttemptLogs } from './streamAttemptLogs.ts';

/** A line that a handler wrote with `ctx.log`. */
const LogLine = Schema.Struct({
  time: Timestamp,
  level: Schema.Literals(attemptLogLevels),
  message: Schema.String,
  fields: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown)).annotateKey({
    description: 'What the handler gave besides the message; secrets are `[Redacted]`.',
  }),
  runId: Schema.String.annotateKey({
    description:
      'The id of the `JobStarted` or `JobResumed` of the run: an attempt has several when it has slept, or the job was released or retried.',
  }),
}).annotate({ identifier: 'LogLine' });

const LogLines = Schema.Struct({
  items: Schema.Array(LogLine),
  nextCursor: Schema.NullOr(Schema.String).annotateKey({ description: '`null` when there are no more lines now.' }),
}).annotate({ identifier: 'LogLines' });

const AttemptNumber = integerParameter(/^[1-9]\d{0,5}$/u, {
  expected: 'the number of an attempt: 1 for the first',
  jsonSchema: { type: 'integer', minimum: 1, maximum: 999_999 },
});
const AttemptPath = Schema.Struct({ id: JobId, attempt: AttemptNumber });

/** The largest page: more lines than an attempt usually has. */
const MAX_LINES = 1_000;
const LogsQuery = Schema.Struct({
  limit: Schema.optionalKey(
    integerParameter(/^(?:[1-9]\d{0,2}|1000)$/u, {
      expected: `an integer from 1 to ${MAX_LINES}`,
      jsonSchema: { type: 'integer', minimum: 1, maximum: MAX_LINES, default: MAX_LINES },
    }),
  ).annotateKey({ description: 'The page size.' }),
  cursor: Schema.optionalKey(
    integerParameter(/^\d{1,15}$/u, { expected: 'the nextCursor of an earlier page', jsonSchema: { type: 'string' } }),
  ).annotateKey({ description: 'The `nextCursor` of an earlier page.' }),
});

export const getAttemptLogsDocs: EndpointDocs = {
  id: 'getAttemptLogs',
  tag: 'jobs',
  summary: 'Get what the handler of an attempt has logged',
  description:
    'Oldest first. As `text/event-stream`, the lines are followed by live ones until the attempt is over. Lines are kept for a ' +
    'time, up to 64 KB an attempt, and may be missing: nothing waits for them. An attempt that has not begun has none.',
  path: AttemptPath,
  query: LogsQuery,
  headers: ['Last-Event-ID'],
  responses: {
    200: {
      description: 'Lines of the attempt.',
      headers: ['Link', 'Cache-Control'],
      content: { ...jsonContent(LogLines), 'text/event-stream': { item: LogLine } },
    },
    204: { description: 'As a stream: the attempt is over and the client has all lines. Do not reconnect.' },
  },
  problems: [
    'job-not-found',
    'job-unreadable',
    'log-unavailable',
    'deadline-exceeded',
    'too-many-feeds',
    'caller-share-exceeded',
    'stopping',
  ],
};

const EVENT_STREAM = 'text/event-stream';
const decodeQuery = queryDecoder(LogsQuery);
const decodePath = queryDecoder(Schema.Struct({ attempt: AttemptNumber }));

/** `GET /api/jobs/:id/attempts/:attempt/logs`. */
export function getAttemptLogs(deps: ApiDeps): RequestHandler {
  const list = withinDeadline(listLines(deps));
  return async (req, res, next) => {
    res.vary('Accept');
    const live = req.accepts(['application/json', EVENT_STREAM]) === EVENT_STREAM && req.method !== 'HEAD';
    return live ? streamAttemptLogs(addressOf(req, res), req, res, deps) : list(req, res, next);
  };
}

function listLines(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const { jobId, attempt } = addressOf(req, res);
    const { limit = MAX_LINES, cursor: after } = decodeQuery(req.query);
    const job = await findJob(jobId, deps);
    if (job === undefined) throw noSuchJob();
    const { lines, isMore, position } = await deps.log.attemptLogs.read({ ...rangeOf(job), attempt, after, limit });
    const nextCursor = isMore ? String(position) : null;
    linkToNext(req, res, nextCursor);
    res.setHeader('Cache-Control', 'private, no-store');
    sendJson(res, 200, { items: lines.map(({ line }) => lineView(line)), nextCursor });
  };
}

function addressOf(req: Request, res: Response): { readonly jobId: string; readonly attempt: number } {
  const jobId = jobIdOf(req, res);
  const given = Number(req.params['attempt']);
  if (Number.isInteger(given) && given >= 1) return { jobId, ...decodePath({ attempt: String(given) }) };
  throw invalidParameters([{ parameter: 'attempt', detail: 'expected the number of an attempt: 1 for the first' }]);
}

function lineView(line: AttemptLogLine): BodyOf<typeof LogLine> {
  return line;
}
