import { Schema } from 'effect';
import { jsonContent } from '../../openapi/jsonContent.ts';
import type { Operation } from '../../openapi/operation.ts';
import { CreateKeyRequest } from './createKeyRequest.ts';
import { CreatedKeyView, KeyView } from './keyView.ts';
import { KeyPath } from './revokeKey.ts';

const KeyList = Schema.Struct({ items: Schema.Array(KeyView) }).annotate({ identifier: 'ApiKeyList' });
const unavailable = ['table-unavailable', 'deadline-exceeded'] as const;
const example = { name: 'billing', scopes: ['jobs:write'], expiresAt: '2030-01-01T00:00:00Z' };

export const keyOperations = {
  list: {
    id: 'listKeys',
    tag: 'keys',
    summary: 'List API keys',
    description: 'Also those that are over, newest first.',
    answers: { 200: { description: 'All keys.', headers: ['Cache-Control'], content: jsonContent(KeyList) } },
    problems: unavailable,
  },
  create: {
    id: 'createKey',
    tag: 'keys',
    summary: 'Create an API key',
    description: 'The answer is the only one that ever has the key itself. A caller with a tenant makes keys of it.',
    body: { required: true, content: jsonContent(CreateKeyRequest, { 'a key that expires': example }) },
    answers: {
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
    description: 'For good. Every process refuses it within 3 seconds.',
    path: KeyPath,
    answers: { 204: { description: 'The key is revoked.' } },
    problems: ['key-not-found', ...unavailable],
  },
} as const satisfies Record<string, Operation>;
