import { Tenant, Timestamp } from '@jobstream/domain';
import { scopes, type ApiKey } from '@jobstream/readmodel';
import { Schema } from 'effect';
import type { BodyOf } from '../../http/bodyOf.ts';
import { KeyId } from './revokeKey.ts';

/** A key as administrators see it: what there is not is left out. */
export const KeyView = Schema.Struct({
  id: KeyId.annotateKey({ description: 'Public: it stands in logs and events.' }),
  name: Schema.String,
  scopes: Schema.Array(Schema.Literals(scopes)),
  tenant: Schema.optionalKey(Tenant),
  createdAt: Timestamp,
  expiresAt: Schema.optionalKey(Timestamp),
  revokedAt: Schema.optionalKey(Timestamp),
  lastUsedAt: Schema.optionalKey(Timestamp).annotateKey({ description: 'To the minute.' }),
}).annotate({ identifier: 'ApiKey' });

/** What the creation of a key answers: the only answer with the key itself. */
export const CreatedKeyView = Schema.Struct({
  ...KeyView.fields,
  key: Schema.String.annotateKey({ description: 'The key itself. Nobody can show it again.' }),
}).annotate({ identifier: 'CreatedApiKey' });

export function keyView({ tenant, expiresAt, revokedAt, lastUsedAt, ...key }: ApiKey): BodyOf<typeof KeyView> {
  return {
    ...key,
    tenant: tenant ?? undefined,
    expiresAt: expiresAt ?? undefined,
    revokedAt: revokedAt ?? undefined,
    lastUsedAt: lastUsedAt ?? undefined,
  };
}
