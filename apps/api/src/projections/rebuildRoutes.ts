import * as Schema from 'effect/Schema';
import type { RequestHandler } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import { callerOf } from '../auth/caller.ts';
import { requireScope } from '../auth/requireScope.ts';
import { bodyDecoder } from '../http/parsing/decodeBody.ts';
import { jsonBody } from '../http/parsing/jsonBody.ts';
import { sendJson } from '../http/sendJson.ts';
import { withinDeadline } from '../http/withinDeadline.ts';
import { jsonContent, type EndpointDocs } from '../routes/endpointDocs.ts';
import type { Route } from '../routes/route.ts';
import { rebuildView, RebuildView } from './rebuildView.ts';

const unavailable = ['table-unavailable', 'deadline-exceeded'] as const;

const content = jsonContent(RebuildView);
const ColumnName = Schema.String.check(
  Schema.isPattern(/^[a-z_]{1,63}$/u, { expected: 'the name of a column of the jobs table' }),
);
const MAX_NAMES = 50;
/** The optional body of a request for a rebuild. */
const RebuildBody = Schema.Struct({
  force: Schema.optionalKey(Schema.Boolean).annotateKey({ description: 'Swap the tables even if they differ.' }),
  except: Schema.optionalKey(Schema.Array(ColumnName).check(Schema.isMaxLength(MAX_NAMES))).annotateKey({
    description:
      'Columns that may differ because a release fills them differently; `job_statistics` for all of its columns.',
  }),
});

const rebuildDocs = {
  read: {
    id: 'getRebuild',
    tag: 'operations',
    summary: 'Get the rebuild of the jobs table',
    description: 'The progress or the outcome of the rebuild that was requested last.',
    responses: { 200: { description: 'The rebuild.', headers: ['Cache-Control'], content } },
    problems: unavailable,
  },
  request: {
    id: 'requestRebuild',
    tag: 'operations',
    summary: 'Rebuild the jobs table',
    description:
      'A projector builds new tables from the log while those in use keep serving, compares both, and swaps them. ' +
      'While a rebuild is running, returns that one.',
    body: { required: false, content: jsonContent(RebuildBody, { 'after a new column': { except: ['tenant'] } }) },
    responses: { 202: { description: 'The rebuild is requested.', headers: ['Location', 'Cache-Control'], content } },
    problems: unavailable,
  },
  cancel: {
    id: 'cancelRebuild',
    tag: 'operations',
    summary: 'Cancel the rebuild of the jobs table',
    description: 'The tables in use are not changed. A rebuild that has ended stays as it is.',
    responses: { 202: { description: 'The rebuild, which ends soon.', headers: ['Cache-Control'], content } },
    problems: unavailable,
  },
} as const satisfies Record<string, EndpointDocs>;
const decode = bodyDecoder(RebuildBody);

/** Routes of the rebuild of the jobs table, which a projector runs. */
export function rebuildRoutes(deps: ApiDeps): readonly Route[] {
  const admin = requireScope('admin', { acrossTenants: true });
  const body = jsonBody({ required: false });
  return [
    {
      path: '/api/admin/projections/jobs/rebuild',
      get: { docs: rebuildDocs.read, handlers: [admin, withinDeadline(readRebuild(deps))] },
      post: {
        docs: rebuildDocs.request,
        handlers: [admin, body, withinDeadline(requestRebuild(deps))],
        audit: { action: 'rebuild.request', required: true, details: (request) => request },
      },
      delete: {
        docs: rebuildDocs.cancel,
        handlers: [admin, withinDeadline(cancelRebuild(deps))],
        audit: { action: 'rebuild.cancel', required: true },
      },
    },
  ];
}

/** `GET`: the progress or the outcome of the last rebuild. */
function readRebuild({ rebuilds }: ApiDeps): RequestHandler {
  return async (_req, res) => {
    res.setHeader('Cache-Control', 'no-store');
    sendJson(res, 200, rebuildView(await rebuilds.read()));
  };
}

/** `POST`: requests a rebuild, or returns the running one. */
function requestRebuild({ rebuilds, logger }: ApiDeps): RequestHandler {
  return async (req, res) => {
    const { force = false, except = [] } = req.body === undefined ? {} : decode(req.body);
    const request = await rebuilds.request({ force, except });
    logger.info({ rebuild: request.id, by: callerOf(res).actor }, 'rebuild of the projection requested');
    res.setHeader('Cache-Control', 'no-store');
    res.setHeader('Location', req.path);
    sendJson(res, 202, rebuildView(request));
  };
}

/** `DELETE`: cancels a rebuild unless it has ended. */
function cancelRebuild({ rebuilds, logger }: ApiDeps): RequestHandler {
  return async (_req, res) => {
    const request = await rebuilds.cancel();
    logger.info({ rebuild: request?.id, by: callerOf(res).actor }, 'cancellation of the rebuild requested');
    res.setHeader('Cache-Control', 'no-store');
    sendJson(res, 202, rebuildView(request));
  };
}
