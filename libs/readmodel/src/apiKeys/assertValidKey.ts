import { isTenant } from '@jobstream/domain';
import { InvalidApiKeyError } from '../errors.ts';
import type { NewApiKey } from './apiKey.ts';
import { isScope, scopes as known } from './scope.ts';

/** What a key may be called: the name stands in lists and logs. */
export const KEY_NAME = /^[^\p{C}]{1,100}$/u;

/** InvalidApiKeyError for a name, scopes or a tenant that a key cannot have. */
export function assertValidKey({ name, scopes, tenant }: NewApiKey): void {
  const mistakes: string[] = [];
  if (!KEY_NAME.test(name)) mistakes.push('a name has 1 to 100 printable characters');
  if (scopes.length === 0 || !scopes.every(isScope)) mistakes.push(`scopes are one or more of ${known.join(', ')}`);
  if (tenant !== null && !isTenant(tenant)) {
    mistakes.push('a tenant has 1 to 64 letters, digits, dots, dashes and underscores');
  }
  if (mistakes.length > 0) throw new InvalidApiKeyError(mistakes);
}
