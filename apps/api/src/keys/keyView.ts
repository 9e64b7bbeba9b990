import { Tenant, Timestamp } from '@jobstream/domain';
import { type ApiKey, KEY_NAME, scopes } from '@jobstream/readmodel';
import * as Schema from 'effect/Schema';
import type { Caller } from '../auth/caller.ts';
import { bodyDecoder, fieldOf, pastErrors } from '../http/parsing/decodeBody.ts';
import { Instant } from '@jobstream/creation';
import type { BodyOf } from '../http/sendJson.ts';
import type { FieldError } from '../problems/problem.ts';

const Name = Schema.String.check(Schema.isPattern(KEY_NAME, { expected: 'a text of 1 to 100 printable characters' }));

/** The body of `POST /api/keys`. */
export const CreateKeyRequest = Schema.Struct({
  name: Name,
  scopes: Schema.Array(Schema.Literals(scopes)).check(Schema.isMinLength(1), Schema.isMaxLength(scopes.length)),
  tenant: Schema.optionalKey(Tenant),
  expiresAt: Schema.optionalKey(Instant),
});

const decode = bodyDecoder(CreateKeyRequest);

/** The id of a key, which is public. */
export const KeyId = Schema.String.check(Schema.isPattern(/^[0-9a-f]{16}$/u));

/** A key as administrators see it. */
export const KeyView = Schema.Struct({
  id: KeyId.annotateKey({ description: 'Public: it appears in logs and events.' }),
  name: Schema.String,
  scopes: Schema.Array(Schema.Literals(scopes)),
  tenant: Schema.optionalKey(Tenant),
  createdAt: Timestamp,
  expiresAt: Schema.optionalKey(Timestamp),
  revokedAt: Schema.optionalKey(Timestamp),
  lastUsedAt: Schema.optionalKey(Timestamp).annotateKey({ description: 'Accurate to a minute.' }),
  madeOpen: Schema.optionalKey(Schema.Literal(true)).annotateKey({
    description: 'Made while the API was open: where it requires credentials, the key is refused.',
  }),
}).annotate({ identifier: 'ApiKey' });

/** The response to the creation of a key. */
export const CreatedKeyView = Schema.Struct({
  ...KeyView.fields,
  key: Schema.String.annotateKey({ description: 'The key itself. It cannot be shown again.' }),
}).annotate({ identifier: 'CreatedApiKey' });

export function keyView({
  tenant,
  expiresAt,
  revokedAt,
  lastUsedAt,
  madeOpen,
  ...key
}: ApiKey): BodyOf<typeof KeyView> {
  return {
    ...key,
    tenant: tenant ?? undefined,
    expiresAt: expiresAt ?? undefined,
    revokedAt: revokedAt ?? undefined,
    lastUsedAt: lastUsedAt ?? undefined,
    madeOpen: madeOpen || undefined,
  };
}

export type CreateKeyRequest = typeof CreateKeyRequest.Type;

/** Decodes a request for a key; a caller with a tenant creates keys of that tenant only. `now` is in milliseconds. */
export function decodeCreateKey(body: unknown, { tenant }: Caller, now: number): CreateKeyRequest {
  const request = decode(body, [...pastErrors(body, 'expiresAt', now), ...tenantErrors(body, tenant)]);
  return tenant === undefined ? request : { ...request, tenant };
}

function tenantErrors(body: unknown, own: string | undefined): readonly FieldError[] {
  const tenant = fieldOf(body, 'tenant');
  const others = own !== undefined && tenant !== undefined && tenant !== own;
  return others ? [{ pointer: '/tenant', detail: 'must be your own tenant, or be left out' }] : [];
}
