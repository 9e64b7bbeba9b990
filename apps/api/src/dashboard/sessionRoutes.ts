import { Actor, Tenant } from '@jobstream/domain';
import { scopes } from '@jobstream/readmodel';
import * as Schema from 'effect/Schema';
import type { RequestHandler, Response } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import { bearerToken } from '../auth/accessControl.ts';
import { callerOf } from '../auth/caller.ts';
import { requireScope } from '../auth/requireScope.ts';
import { endSession, startSession } from '../auth/sessionCookie.ts';
import { type BodyOf, sendJson } from '../http/sendJson.ts';
import { unlessUnavailable } from '../http/unlessUnavailable.ts';
import { jsonContent, type EndpointDocs } from '../routes/endpointDocs.ts';
import type { Route } from '../routes/route.ts';

const SessionView = Schema.Struct({
  actor: Actor,
  scopes: Schema.Array(Schema.Literals(scopes)),
  tenant: Schema.optionalKey(Tenant),
  open: Schema.Boolean.annotateKey({ description: 'Whether the API accepts requests without credentials.' }),
  position: Schema.optionalKey(Schema.Int).annotateKey({
    description:
      'The sequence of the last event that lists show by now: a feed that begins after it has all that a list read later may lack. Missing while the table is unavailable.',
  }),
}).annotate({ identifier: 'Session' });

const session = { headers: ['Cache-Control'], content: jsonContent(SessionView) } as const;

const sessionDocs = {
  read: {
    id: 'getSession',
    tag: 'operations',
    summary: 'Get the caller',
    description: 'Who the caller is, and what it may do.',
    responses: { 200: { description: 'The caller.', ...session } },
  },
  start: {
    id: 'startSession',
    tag: 'operations',
    summary: 'Log in a browser',
    description:
      'Sets a cookie that stands for the key or token of this request, for the dashboard. It is accepted only from pages of this server, and ends with the browser.',
    responses: { 200: { description: 'The caller.', ...session } },
  },
  end: {
    id: 'endSession',
    tag: 'operations',
    summary: 'Log out a browser',
    description: 'Deletes the cookie. The key or token remains valid.',
    responses: { 204: { description: 'The cookie is deleted.' } },
  },
} as const satisfies Record<string, EndpointDocs>;

interface SessionDeps {
  readonly auth: Pick<ApiDeps['auth'], 'open'>;
  readonly table: Pick<ApiDeps['table'], 'readCheckpoint'>;
  readonly limits: ApiDeps['limits'];
}

/** Routes of the login of the dashboard. */
export function sessionRoutes(deps: SessionDeps): readonly Route[] {
  const reader = requireScope('jobs:read');
  return [
    {
      path: '/dashboard/session',
      get: { docs: sessionDocs.read, handlers: [reader, getSession(deps)] },
      post: {
        docs: sessionDocs.start,
        handlers: [reader, postSession(deps)],
        audit: { action: 'session.start' },
      },
      delete: {
        docs: sessionDocs.end,
        handlers: [reader, deleteSession],
        audit: { action: 'session.end' },
      },
    },
  ];
}

/** `GET /dashboard/session`: who the caller is, so that the page offers only what it may do. */
function getSession(deps: SessionDeps): RequestHandler {
  return (_req, res) => sendSession(res, deps);
}

/** `POST /dashboard/session`: keeps the verified key or token of the request in a cookie. */
function postSession(deps: SessionDeps): RequestHandler {
  return async (req, res) => {
    const credential = bearerToken(req);
    if (credential !== undefined) startSession(req, res, credential);
    await sendSession(res, deps);
  };
}

const deleteSession: RequestHandler = (req, res) => {
  endSession(req, res);
  res.statusCode = 204;
  res.end();
};

async function sendSession(res: Response, { auth: { open }, table, limits }: SessionDeps): Promise<void> {
  const { actor, scopes: granted, tenant } = callerOf(res);
  const position = (await unlessUnavailable(table.readCheckpoint(), limits.partMs))?.lastSequence;
  const body: BodyOf<typeof SessionView> = { actor, scopes: [...granted], tenant, open, position };
  res.setHeader('Cache-Control', 'no-store');
  sendJson(res, 200, body);
}
