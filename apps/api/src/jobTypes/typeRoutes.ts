import { JobType, Timestamp } from '@jobstream/domain';
import type { JobTypeInfo } from '@jobstream/eventlog';
import * as Schema from 'effect/Schema';
import type { Request, RequestHandler } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import { requireScope } from '../auth/requireScope.ts';
import { bodyDecoder, pastErrors } from '../http/decodeBody.ts';
import { Instant } from '../http/instant.ts';
import { jsonBody } from '../http/jsonBody.ts';
import { type BodyOf, sendJson } from '../http/sendJson.ts';
import { withinDeadline } from '../http/withinDeadline.ts';
import { Problem } from '../problems/problem.ts';
import { jsonContent, type Operation } from '../routes/operation.ts';
import type { Route } from '../routes/route.ts';
/** A job type as clients see it. */
const TypeView = Schema.Struct({
  type: JobType,
  paused: Schema.Boolean,
  until: Schema.optionalKey(Timestamp).annotateKey({ description: 'When the pause ends automatically.' }),
  backlog: Schema.Int.annotateKey({ description: 'Jobs that have not been delivered to a worker.' }),
  inFlight: Schema.Int.annotateKey({ description: 'Jobs that workers hold.' }),
  limits: Schema.optionalKey(
    Schema.Struct({ concurrency: Schema.optionalKey(Schema.Int), rate: Schema.optionalKey(Schema.String) }),
  ).annotateKey({ description: 'Per worker process, as reported by the one that started last.' }),
}).annotate({ identifier: 'JobType' });

const TypeList = Schema.Struct({ items: Schema.Array(TypeView) }).annotate({ identifier: 'JobTypeList' });

const unavailable = ['log-unavailable', 'deadline-exceeded'] as const;
/** The path parameters of one job type. */
const TypePath = Schema.Struct({ type: JobType });
/** The optional body of `POST /api/types/:type/pause`. */
const PauseRequest = Schema.Struct({ until: Schema.optionalKey(Instant) });

const typeOperations = {
  list: {
    id: 'listTypes',
    tag: 'job types',
    summary: 'List job types',
    description: 'Sorted by name: the types that a worker has run or that have been paused.',
    responses: { 200: { description: 'All job types.', headers: ['Cache-Control'], content: jsonContent(TypeList) } },
    problems: unavailable,
  },
  pause: {
    id: 'pauseType',
    tag: 'job types',
    summary: 'Pause a job type',
    description:
      'Workers start no further attempts, until the type is resumed or until a time; running attempts continue.',
    path: TypePath,
    body: { required: false, content: jsonContent(PauseRequest, { 'for a while': { until: '2030-01-01T09:00:00Z' } }) },
    responses: { 200: { description: 'The changed job type.', content: jsonContent(TypeView) } },
    problems: ['type-not-found', ...unavailable],
  },
  resume: {
    id: 'resumeType',
    tag: 'job types',
    summary: 'Resume a job type',
    path: TypePath,
    responses: { 200: { description: 'The changed job type.', content: jsonContent(TypeView) } },
    problems: ['type-not-found', ...unavailable],
  },
} as const satisfies Record<string, Operation>;
const units: Readonly<Record<number, string>> = { 1_000: 's', 60_000: 'm', 3_600_000: 'h' };
const isJobType = Schema.is(JobType);
const decode = bodyDecoder(PauseRequest);

/** Routes under `/api/types`. */
export function typeRoutes(deps: ApiDeps): readonly Route[] {
  const read = requireScope('jobs:read', { acrossTenants: true });
  const change = requireScope('admin', { acrossTenants: true });
  const body = jsonBody({ required: false });
  return [
    { path: '/api/types', get: { operation: typeOperations.list, handlers: [read, withinDeadline(listTypes(deps))] } },
    {
      path: '/api/types/:type/pause',
      post: { operation: typeOperations.pause, handlers: [change, ...body, withinDeadline(pauseType(deps))] },
    },
    {
      path: '/api/types/:type/resume',
      post: { operation: typeOperations.resume, handlers: [change, withinDeadline(resumeType(deps))] },
    },
  ];
}

/** `GET /api/types`: the types that a worker has run or that have been paused. */
function listTypes({ log }: ApiDeps): RequestHandler {
  return async (_req, res) => {
    const types = await log.jobTypes.list();
    res.setHeader('Cache-Control', 'private, no-cache');
    sendJson(res, 200, { items: types.map(typeView) });
  };
}

/** `POST /api/types/:type/pause`: no further attempts of the type start. */
function pauseType({ log }: ApiDeps): RequestHandler {
  return async (req, res) => {
    const type = typeOf(req);
    const { until } = req.body === undefined ? {} : decode(req.body, pastErrors(req.body, 'until', Date.now()));
    sendJson(res, 200, typeView(await log.jobTypes.pause(type, until)));
  };
}

/** `POST /api/types/:type/resume`: attempts of the type start again. It has no body. */
function resumeType({ log }: ApiDeps): RequestHandler {
  return async (req, res) => {
    const type = typeOf(req);
    const info = await log.jobTypes.resume(type);
    if (info === undefined) throw noSuchType('no worker has run this type, and it has never been paused');
    sendJson(res, 200, typeView(info));
  };
}

/** Returns the job type in the path. */
function typeOf(req: Request): string {
  const type = String(req.params['type']);
  if (!isJobType(type)) throw noSuchType('a job type has 1 to 63 lower-case letters, digits and dashes');
  return type;
}

function noSuchType(detail: string): Problem {
  return new Problem('type-not-found', { detail });
}

function typeView(info: JobTypeInfo): BodyOf<typeof TypeView> {
  const { jobType, paused, pausedUntil, backlog, inFlight, limits } = info;
  return {
    type: jobType,
    paused,
    until: pausedUntil,
    backlog,
    inFlight,
    limits: limits && { concurrency: limits.concurrency, rate: limits.rate && rateText(limits.rate) },
  };
}

/** Formats a rate as in WORKER_LIMITS: `20/m`. */
function rateText({ starts, perMs }: { readonly starts: number; readonly perMs: number }): string {
  return `${starts}/${units[perMs] ?? `${perMs}ms`}`;
}
