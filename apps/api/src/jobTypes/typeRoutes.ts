import { JobType, timestampOf } from '@jobstream/domain';
import * as Schema from 'effect/Schema';
import type { Request, RequestHandler } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import { callerOf } from '../auth/caller.ts';
import type { AuditedChange } from '../audit/auditedChange.ts';
import { requireScope } from '../auth/requireScope.ts';
import { bodyDecoder, pastErrors } from '../http/decodeBody.ts';
import { Instant } from '@jobstream/creation';
import { jsonBody } from '../http/jsonBody.ts';
import { sendJson } from '../http/sendJson.ts';
import { withinDeadline } from '../http/withinDeadline.ts';
import { Problem } from '../problems/problem.ts';
import { jsonContent, type Operation } from '../routes/operation.ts';
import type { Route } from '../routes/route.ts';
import { listTypes } from './listTypes.ts';
import { PayloadCheck, type TypeParts, TypeView, typeView } from './typeView.ts';

const TypeList = Schema.Struct({ items: Schema.Array(TypeView) }).annotate({ identifier: 'JobTypeList' });

const unavailable = ['log-unavailable', 'deadline-exceeded'] as const;
/** Without the table, the audit log cannot be written. */
const audited = ['table-unavailable', ...unavailable] as const;
/** The path parameters of one job type. */
const TypePath = Schema.Struct({ type: JobType });
/** Shown with the type and its jobs. */
const Reason = Schema.optionalKey(Schema.String.check(Schema.isMaxLength(1_000)));
/** The optional body of `POST /api/types/:type/pause`. */
const PauseRequest = Schema.Struct({ until: Schema.optionalKey(Instant), reason: Reason });
/** The body of `PATCH /api/types/:type`. */
const TypeSettings = Schema.Struct({ payloadCheck: PayloadCheck });

const typeOperations = {
  list: {
    id: 'listTypes',
    tag: 'job types',
    summary: 'List job types',
    description:
      'Sorted by name: the types that a worker has announced or run, that have been paused, or that have pending jobs.',
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
    body: {
      required: false,
      content: jsonContent(PauseRequest, {
        'for a while': { until: '2030-01-01T09:00:00Z', reason: 'the mail server is down' },
      }),
    },
    responses: { 200: { description: 'The changed job type.', content: jsonContent(TypeView) } },
    problems: ['type-not-found', ...audited],
  },
  resume: {
    id: 'resumeType',
    tag: 'job types',
    summary: 'Resume a job type',
    path: TypePath,
    responses: { 200: { description: 'The changed job type.', content: jsonContent(TypeView) } },
    problems: ['type-not-found', ...audited],
  },
  change: {
    id: 'changeType',
    tag: 'job types',
    summary: 'Set how payloads of a job type are checked',
    description:
      'With `warn`, payloads that no worker accepts are accepted with a warning: for producers that are deployed before the workers.',
    path: TypePath,
    body: { required: true, content: jsonContent(TypeSettings, { 'only warn': { payloadCheck: 'warn' } }) },
    responses: { 200: { description: 'The changed job type.', content: jsonContent(TypeView) } },
    problems: ['type-not-found', ...audited],
  },
  remove: {
    id: 'removeType',
    tag: 'job types',
    summary: 'Remove what is known of a job type',
    description:
      'Removes the announcements of its workers and its settings, but no jobs. A living worker announces the type again within an hour.',
    path: TypePath,
    responses: { 204: { description: 'They are removed.' } },
    problems: ['type-not-found', ...audited],
  },
} as const satisfies Record<string, Operation>;
const isJobType = Schema.is(JobType);
const decode = bodyDecoder(PauseRequest);
const decodeSettings = bodyDecoder(TypeSettings);

/** Routes under `/api/types`. */
export function typeRoutes(deps: ApiDeps): readonly Route[] {
  const read = requireScope('jobs:read', { acrossTenants: true });
  const change = requireScope('admin', { acrossTenants: true });
  const body = jsonBody({ required: false });
  return [
    { path: '/api/types', get: { operation: typeOperations.list, handlers: [read, withinDeadline(listTypes(deps))] } },
    {
      path: '/api/types/:type',
      patch: {
        operation: typeOperations.change,
        handlers: [change, ...jsonBody({ required: true }), withinDeadline(changeType(deps))],
        audit: audit('change'),
      },
      delete: {
        operation: typeOperations.remove,
        handlers: [change, withinDeadline(removeType(deps))],
        audit: audit('remove'),
      },
    },
    {
      path: '/api/types/:type/pause',
      post: {
        operation: typeOperations.pause,
        handlers: [change, ...body, withinDeadline(pauseType(deps))],
        audit: audit('pause'),
      },
    },
    {
      path: '/api/types/:type/resume',
      post: {
        operation: typeOperations.resume,
        handlers: [change, withinDeadline(resumeType(deps))],
        audit: audit('resume'),
      },
    },
  ];
}

/** A type has no events that would tell who changed it. */
function audit(verb: 'change' | 'remove' | 'pause' | 'resume'): AuditedChange {
  return { action: `type.${verb}`, subject: 'type', required: true, details: (body) => body };
}

/** `POST /api/types/:type/pause`: no further attempts of the type start. */
function pauseType(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const type = typeOf(req);
    const { until, reason } =
      req.body === undefined ? {} : decode(req.body, pastErrors(req.body, 'until', deps.log.clock.now()));
    const note = { by: callerOf(res).actor, at: timestampOf(deps.log.clock.now()), reason };
    const info = await deps.log.jobTypes.pause(type, { until, note });
    sendJson(res, 200, viewOf({ type, info }, deps));
  };
}

/** `POST /api/types/:type/resume`: attempts of the type start again. It has no body. */
function resumeType(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const type = typeOf(req);
    const info = await deps.log.jobTypes.resume(type);
    if (info === undefined) throw noSuchType('no worker has run this type, and it has never been paused');
    sendJson(res, 200, viewOf({ type, info }, deps));
  };
}

/** `PATCH /api/types/:type`: also before its first worker. */
function changeType(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const type = typeOf(req);
    const { payloadCheck } = decodeSettings(req.body);
    await deps.log.announcements.setPayloadCheck(type, payloadCheck);
    const info = (await deps.log.jobTypes.list()).find(({ jobType }) => jobType === type);
    // This process learns of the setting a moment later.
    sendJson(res, 200, { ...viewOf({ type, info }, deps), payloadCheck });
  };
}

/** `DELETE /api/types/:type`: may be repeated. */
function removeType({ log }: ApiDeps): RequestHandler {
  return async (req, res) => {
    await log.announcements.removeType(typeOf(req));
    res.statusCode = 204;
    res.end();
  };
}

function viewOf(parts: TypeParts, { announced, payloads }: ApiDeps): ReturnType<typeof typeView> {
  return typeView({ ...parts, announced: announced.type(parts.type) }, payloads);
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
