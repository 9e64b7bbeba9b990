import type { Actor } from '@jobstream/client';

/** Shows who did something: a key by its id, a user, a worker, a schedule. */
export function formatActor({ kind, id }: Actor): string {
  if (kind === 'api') return id === 'anonymous' ? 'API, without a key' : `key ${id}`;
  return kind === 'scheduler' ? `schedule ${id}` : `${kind} ${id}`;
}
