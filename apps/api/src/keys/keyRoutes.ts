import * as Schema from 'effect/Schema';
import type { RequestHandler } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import { nameSubject } from '../audit/auditedChange.ts';
import { callerOf } from '../auth/caller.ts';
import { requireScope } from '../auth/requireScope.ts';
import { jsonBody } from '../http/parsing/jsonBody.ts';
import { sendJson } from '../http/sendJson.ts';
import { withinDeadline } from '../http/withinDeadline.ts';
import { Problem } from '../problems/problem.ts';
import { jsonContent, type EndpointDocs } from '../routes/endpointDocs.ts';
import type { Route } from '../routes/route.ts';
import { CreatedKeyView, CreateKeyRequest, decodeCreateKey, KeyId, keyView, KeyView } from './keyView.ts';

const KeyList = Schema.Struct({ items: Schema.Array(KeyView) }).annotate({ identifier: 'ApiKeyList' });

const unavailable = ['table-unavailable', 'deadline-exceeded'] as const;

const example = { name: 'billing', scopes: ['jobs:write'], expiresAt: '2030-01-01T00:00:00Z' };
/** The path parameters of one key. */
const KeyPath = Schema.Struct({ id: KeyId });

const keyDocs = {
  list: {
    id: 'listKeys',
    tag: 'keys',
    summary: 'List API keys',
    description: 'Newest first, including expired and revoked keys.',
    responses: { 200: { description: 'All keys.', headers: ['Cache-Control'], content: jsonContent(KeyList) } },
    problems: unavailable,
  },
  create: {
    id: 'createKey',
    tag: 'keys',
    summary: 'Create an API key',
    description: 'Only this response contains the key itself. A caller with a tenant creates keys of that tenant.',
    body: { required: true, content: jsonContent(CreateKeyRequest, { 'a key that expires': example }) },
    responses: {
      201: {
        description: 'The key.',
        headers: ['Cache-Control'],
        content: jsonContent(CreatedKeyView),
      },
    },
    problems: unavailable,
  },
  revoke: {
    id: 'revokeKey',
    tag: 'keys',
    summary: 'Revoke an API key',
    description: 'Permanently. Every process rejects the key within 3 seconds.',
    path: KeyPath,
    responses: { 204: { description: 'The key is revoked.' } },
    problems: ['key-not-found', ...unavailable],
  },
} as const satisfies Record<string, EndpointDocs>;
const isKeyId = Schema.is(KeyId);

/** Routes under `/api/keys`. */
export function keyRoutes(deps: ApiDeps): readonly Route[] {
  const admin = requireScope('admin');
  const body = jsonBody({ required: true });
  return [
    {
      path: '/api/keys',
      get: { docs: keyDocs.list, handlers: [admin, withinDeadline(listKeys(deps))] },
      post: {
        docs: keyDocs.create,
        handlers: [admin, body, withinDeadline(createKey(deps))],
        audit: { action: 'key.create', required: true, details: (request) => request },
      },
    },
    {
      path: '/api/keys/:id',
      delete: {
        docs: keyDocs.revoke,
        handlers: [admin, withinDeadline(revokeKey(deps))],
        audit: { action: 'key.revoke', subject: 'id', required: true },
      },
    },
  ];
}

/** `POST /api/keys`: the only response with the key itself. */
function createKey({ keys, logger }: ApiDeps): RequestHandler {
  return async (req, res) => {
    const caller = callerOf(res);
    const { tenant = null, expiresAt = null, ...request } = decodeCreateKey(req.body, caller, Date.now());
    const { key, text } = await keys.create({ ...request, tenant, expiresAt, madeOpen: caller.madeOpen ?? false });
    nameSubject(res, key.id);
    logger.info({ key: key.id, scopes: key.scopes, tenant, by: caller.actor }, 'API key created');
    res.setHeader('Cache-Control', 'no-store');
    sendJson(res, 201, { ...keyView(key), key: text });
  };
}

/** `GET /api/keys`: all keys, newest first, including expired and revoked ones. */
function listKeys({ keys }: ApiDeps): RequestHandler {
  return async (_req, res) => {
    const items = await keys.list(callerOf(res).tenant);
    res.setHeader('Cache-Control', 'private, no-store');
    sendJson(res, 200, { items: items.map(keyView) });
  };
}

/** `DELETE /api/keys/:id`: revokes a key, here at once and elsewhere with the next reload. */
function revokeKey({ keys, keyCache, logger }: ApiDeps): RequestHandler {
  return async (req, res) => {
    const { actor, tenant } = callerOf(res);
    const id = String(req.params['id']);
    if (!isKeyId(id) || !(await keys.revoke(id, tenant))) throw noSuchKey();
    logger.info({ key: id, by: actor }, 'API key revoked');
    await keyCache.reload();
    res.statusCode = 204;
    res.end();
  };
}

function noSuchKey(): Problem {
  return new Problem('key-not-found', { detail: 'no API key has this id' });
}
