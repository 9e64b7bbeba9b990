import type { Scope } from './scope.ts';

/** A key as it may be shown: everything but its secret. Times are RFC 3339. */
export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly tenant: string | null;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
  /** To the minute. */
  readonly lastUsedAt: string | null;
}

/** What somebody decides about a key before there is one. */
export type NewApiKey = Pick<ApiKey, 'name' | 'scopes' | 'tenant' | 'expiresAt'>;

/** A key with what is needed to recognise its secret. */
export interface ApiKeyCredential extends Pick<ApiKey, 'id' | 'scopes' | 'tenant' | 'expiresAt'> {
  readonly secretHash: Buffer;
}

/** The select list for an ApiKey. */
export const apiKeyColumns = `id, name, scopes, tenant, created_at AS "createdAt", expires_at AS "expiresAt",
  revoked_at AS "revokedAt", last_used_at AS "lastUsedAt"`;
