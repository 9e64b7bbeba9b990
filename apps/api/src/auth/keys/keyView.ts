import type { ApiKey } from '@jobstream/readmodel';

/** A key as administrators see it: what there is not is left out. */
export function keyView(key: ApiKey): object {
  return Object.fromEntries(Object.entries(key).filter(([, value]) => value !== null));
}
