import { UnavailableError } from '@jobstream/client';

const ASK_AGAIN_MS = 3_000;

/** The `refetchInterval` of a query that is not asked for again and again: only while what it reads is unavailable. */
export function askAgain({ state: { error } }: { readonly state: { readonly error: Error | null } }): number | false {
  return error instanceof UnavailableError && ASK_AGAIN_MS;
}
