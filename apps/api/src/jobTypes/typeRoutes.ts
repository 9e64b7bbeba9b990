import * as Schema from 'effect/Schema';
import type { RequestHandler } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import { requireScope } from '../auth/requireScope.ts';
import { bodyDecoder } from '../http/parsing/decodeBody.ts';
import { jsonBody } from '../http/parsing/jsonBody.ts';
import { sendJson } from '../http/sendJson.ts';
import { withinDeadline } from '../http/withinDeadline.ts';
import { jsonContent, type EndpointDocs } from '../routes/endpointDocs.ts';
import type { Route } from '../routes/route.ts';
import { listTypes } from './listTypes.ts';
import { pauseRoutes } from './pauseRoutes.ts';
import { typeChange } from './typeChange.ts';
import { typeOf, TypePath } from './typePath.ts';
import { currentTypeView, PayloadCheck, TypeList, TypeView } from './typeView.ts';

const unavailable = ['log-unavailable', 'deadline-exceeded'] as const;
/** Without the table, the audit log cannot be written. */
const audited = ['table-unavailable', ...unavailable] as const;
/** The body of `PATCH /api/types/:type`. */
const TypeSettings = Schema.Struct({ payloadCheck: PayloadCheck });

const typeDocs = {
  list: {
    id: 'listTypes',
    tag: 'job types',
    summary: 'List job types',
    description:
      'Sorted by name: the types that a worker has announced or run, that have been paused, or that have pending jobs.',
    responses: { 200: { description: 'All job types.', headers: ['Cache-Control'], content: jsonContent(TypeList) } },
    problems: unavailable,
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
} as const satisfies Record<string, EndpointDocs>;
const decodeSettings = bodyDecoder(TypeSettings);

/** Routes under `/api/types`. */
export function typeRoutes(deps: ApiDeps): readonly Route[] {
  const read = requireScope('jobs:read', { acrossTenants: true });
  const change = requireScope('admin', { acrossTenants: true });
  return [
    { path: '/api/types', get: { docs: typeDocs.list, handlers: [read, withinDeadline(listTypes(deps))] } },
    {
      path: '/api/types/:type',
      patch: {
        docs: typeDocs.change,
        handlers: [change, jsonBody({ required: true }), withinDeadline(changeType(deps))],
        audit: typeChange('change'),
      },
      delete: {
        docs: typeDocs.remove,
        handlers: [change, withinDeadline(removeType(deps))],
        audit: typeChange('remove'),
      },
    },
    ...pauseRoutes(deps),
  ];
}

/** `PATCH /api/types/:type`: also before its first worker. */
function changeType(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const type = typeOf(req);
    const { payloadCheck } = decodeSettings(req.body);
    await deps.log.announcements.setPayloadCheck(type, payloadCheck);
    const info = (await deps.log.jobTypes.list()).find(({ jobType }) => jobType === type);
    // This process learns of the setting a moment later.
    sendJson(res, 200, { ...currentTypeView({ type, info }, deps), payloadCheck });
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
