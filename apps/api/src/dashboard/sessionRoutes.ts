import { Actor, Tenant } from '@jobstream/domain';
import { scopes } from '@jobstream/readmodel';
import type { AuthSettings } from '@jobstream/runtime';
import * as Schema from 'effect/Schema';
import type { RequestHandler, Response } from 'express';
import { bearerToken } from '../auth/accessControl.ts';
import { callerOf } from '../auth/caller.ts';
import { requireScope } from '../auth/requireScope.ts';
import { endSession, startSession } from '../auth/sessionCookie.ts';
import { type BodyOf, sendJson } from '../http/sendJson.ts';
import { jsonContent, type Operation } from '../routes/operation.ts';
import type { Route } from '../routes/route.ts';

const SessionView = Schema.Struct({
  actor: Actor,
  scopes: Schema.Array(Schema.Literals(scopes)),
  tenant: Schema.optionalKey(Tenant),
  open: Schema.Boolean.annotateKey({ description: 'Whether the API accepts requests without credentials.' }),
}).annotate({ identifier: 'Session' });

const session = { headers: ['Cache-Control'], content: jsonContent(SessionView) } as const;

const sessionOperations = {
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
} as const satisfies Record<string, Operation>;

/** Routes of the login of the dashboard. */
export function sessionRoutes({ open }: Pick<AuthSettings, 'open'>): readonly Route[] {
  const reader = requireScope('jobs:read');
  return [
    {
      path: '/dashboard/session',
      get: { operation: sessionOperations.read, handlers: [reader, getSession(open)] },
      post: {
        operation: sessionOperations.start,
        handlers: [reader, postSession(open)],
        audit: { action: 'session.start' },
      },
      delete: {
        operation: sessionOperations.end,
        handlers: [reader, deleteSession],
        audit: { action: 'session.end' },
      },
    },
  ];
}

/** `GET /dashboard/session`: who the caller is, so that the page offers only what it may do. */
function getSession(open: boolean): RequestHandler {
  return (_req, res) => sendSession(res, open);
}

/** `POST /dashboard/session`: keeps the verified key or token of the request in a cookie. */
function postSession(open: boolean): RequestHandler {
  return (req, res) => {
    const credential = bearerToken(req);
    if (credential !== undefined) startSession(req, res, credential);
    sendSession(res, open);
  };
}

const deleteSession: RequestHandler = (req, res) => {
  endSession(req, res);
  res.statusCode = 204;
  res.end();
};

function sendSession(res: Response, open: boolean): void {
  const { actor, scopes: granted, tenant } = callerOf(res);
  const body: BodyOf<typeof SessionView> = { actor, scopes: [...granted], tenant, open };
  res.setHeader('Cache-Control', 'no-store');
  sendJson(res, 200, body);
}
