import { Instant } from '@jobstream/creation';
import { timestampOf } from '@jobstream/domain';
import type { JobTypeInfo } from '@jobstream/eventlog';
import * as Schema from 'effect/Schema';
import type { Request, RequestHandler, Response } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import type { AuditedChange } from '../audit/auditedChange.ts';
import { callerOf } from '../auth/caller.ts';
import { requireScope } from '../auth/requireScope.ts';
import { bodyDecoder, pastErrors } from '../http/parsing/decodeBody.ts';
import { jsonBody } from '../http/parsing/jsonBody.ts';
import { sendJson } from '../http/sendJson.ts';
import { unlessUnavailable } from '../http/unlessUnavailable.ts';
import { withinDeadline } from '../http/withinDeadline.ts';
import { jsonContent, type EndpointDocs } from '../routes/endpointDocs.ts';
import type { Route } from '../routes/route.ts';
import { typeChange } from './typeChange.ts';
import { noSuchType, typeOf, TypePath } from './typePath.ts';
import { currentTypeView, TypeList, TypeView } from './typeView.ts';

/** Without the table, the audit log cannot be written. */
const audited = ['table-unavailable', 'log-unavailable', 'deadline-exceeded'] as const;
/** The optional body of a pause. The reason is shown with the types and their jobs. */
const PauseRequest = Schema.Struct({
  until: Schema.optionalKey(Instant),
  reason: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(1_000))),
});
const decode = bodyDecoder(PauseRequest);

const pauseOperations = {
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
  pauseAll: {
    id: 'pauseAllTypes',
    tag: 'job types',
    summary: 'Pause all job types',
    description:
      'Those that are known, and those that appear later. A type whose own pause lasts at least as long keeps it.',
    body: {
      required: false,
      content: jsonContent(PauseRequest, { 'without an end': { reason: 'the database is moved' } }),
    },
    responses: { 200: { description: 'All job types.', content: jsonContent(TypeList) } },
    problems: audited,
  },
  resumeAll: {
    id: 'resumeAllTypes',
    tag: 'job types',
    summary: 'Resume all job types',
    description: 'Those that were paused with all. A type that was paused alone stays paused.',
    responses: { 200: { description: 'All job types.', content: jsonContent(TypeList) } },
    problems: audited,
  },
  resume: {
    id: 'resumeType',
    tag: 'job types',
    summary: 'Resume a job type',
    path: TypePath,
    responses: { 200: { description: 'The changed job type.', content: jsonContent(TypeView) } },
    problems: ['type-not-found', ...audited],
  },
} as const satisfies Record<string, EndpointDocs>;

/** Routes that pause and resume job types. `_all`, in the place of one, cannot be the name of a type. */
export function pauseRoutes(deps: ApiDeps): readonly Route[] {
  const change = requireScope('admin', { acrossTenants: true });
  const pausing = (handler: RequestHandler) => [change, jsonBody({ required: false }), withinDeadline(handler)];
  const resuming = (handler: RequestHandler) => [change, withinDeadline(handler)];
  const { pause, pauseAll, resume, resumeAll } = pauseOperations;
  return [
    {
      path: '/api/types/_all/pause',
      post: { docs: pauseAll, handlers: pausing(pauseAllTypes(deps)), audit: allTypesChange('pause') },
    },
    {
      path: '/api/types/_all/resume',
      post: { docs: resumeAll, handlers: resuming(resumeAllTypes(deps)), audit: allTypesChange('resume') },
    },
    {
      path: '/api/types/:type/pause',
      post: { docs: pause, handlers: pausing(pauseType(deps)), audit: typeChange('pause') },
    },
    {
      path: '/api/types/:type/resume',
      post: { docs: resume, handlers: resuming(resumeType(deps)), audit: typeChange('resume') },
    },
  ];
}

function allTypesChange(verb: 'pause' | 'resume'): AuditedChange {
  return { action: `types.${verb}`, required: true, details: (body) => body };
}

/** `POST /api/types/:type/pause`: no further attempts of the type start. */
function pauseType(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const type = typeOf(req);
    const info = await deps.log.jobTypes.pause(type, askedPause(req, res, deps));
    sendJson(res, 200, currentTypeView({ type, info }, deps));
  };
}

function askedPause(req: Request, res: Response, { log }: ApiDeps) {
  const now = log.clock.now();
  const { until, reason } = req.body === undefined ? {} : decode(req.body, pastErrors(req.body, 'until', now));
  return { until, note: { by: callerOf(res).actor, at: timestampOf(now), reason } };
}

/**
 * `POST /api/types/_all/pause`: also of types that workers have announced, and of one that has only jobs: the pause of a single type
 * is enough for those that begin later to begin paused.
 */
function pauseAllTypes(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const announced = deps.announced.types().map(({ type }) => type);
    const counts = announced.length > 0 ? [] : await unlessUnavailable(deps.table.countJobs(), deps.limits.partMs);
    const others = announced.length > 0 ? announced : (counts ?? []).slice(0, 1).map(({ type }) => type);
    sendAll(res, await deps.log.jobTypes.pauseAll(others, askedPause(req, res, deps)), deps);
  };
}

/** `POST /api/types/_all/resume`: it has no body. */
function resumeAllTypes(deps: ApiDeps): RequestHandler {
  return async (_req, res) => sendAll(res, await deps.log.jobTypes.resumeAll(), deps);
}

function sendAll(res: Response, infos: readonly JobTypeInfo[], deps: ApiDeps): void {
  sendJson(res, 200, { items: infos.map((info) => currentTypeView({ type: info.jobType, info }, deps)) });
}

/** `POST /api/types/:type/resume`: attempts of the type start again. It has no body. */
function resumeType(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const type = typeOf(req);
    const info = await deps.log.jobTypes.resume(type);
    if (info === undefined) throw noSuchType('no worker has run this type, and it has never been paused');
    sendJson(res, 200, currentTypeView({ type, info }, deps));
  };
}
