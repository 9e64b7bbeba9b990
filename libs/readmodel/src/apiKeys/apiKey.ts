import { isTenant } from '@jobstream/domain';
import { InvalidApiKeyError } from '../errors.ts';

/** What a caller may do: `admin` includes all others. `jobs:debug` shows what only developers need, such as stacks. */
export const scopes = ['jobs:read', 'jobs:write', 'jobs:debug', 'schedules:write', 'admin'] as const;
export type Scope = (typeof scopes)[number];

export function isScope(text: string): text is Scope {
  return scopes.some((scope) => scope === text);
}

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
  /** Created over HTTP without credentials, or with a key of this kind, while the API was open. */
  readonly madeOpen: boolean;
}

/** What the creator of a key decides about it. */
export type NewApiKey = Pick<ApiKey, 'name' | 'scopes' | 'tenant' | 'expiresAt'> & Partial<Pick<ApiKey, 'madeOpen'>>;

/** A key with what is needed to recognise its secret. */
export interface ApiKeyCredential extends Pick<ApiKey, 'id' | 'name' | 'scopes' | 'tenant' | 'expiresAt' | 'madeOpen'> {
  readonly secretHash: Buffer;
}

/** The select list for an ApiKey. */
export const apiKeyColumns = `id, name, scopes, tenant, created_at AS "createdAt", expires_at AS "expiresAt",
  revoked_at AS "revokedAt", last_used_at AS "lastUsedAt", made_open AS "madeOpen"`;

/** The names that a key may have: they appear in lists and logs. */
export const KEY_NAME = /^[^\p{C}]{1,100}$/u;

/** @throws InvalidApiKeyError for a name, scopes or a tenant that a key cannot have, with all mistakes at once. */
export function assertValidKey({ name, scopes: wanted, tenant }: NewApiKey): void {
  const mistakes: string[] = [];
  if (!KEY_NAME.test(name)) mistakes.push('a name has 1 to 100 printable characters');
  if (wanted.length === 0 || !wanted.every(isScope)) mistakes.push(`scopes are one or more of ${scopes.join(', ')}`);
  if (tenant !== null && !isTenant(tenant)) {
    mistakes.push('a tenant has 1 to 64 letters, digits, dots, dashes and underscores');
  }
  if (mistakes.length > 0) throw new InvalidApiKeyError(mistakes);
}
