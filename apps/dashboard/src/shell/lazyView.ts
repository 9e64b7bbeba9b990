import { lazyRouteComponent } from '@tanstack/react-router';

/** An API that takes longer counts as one that does not answer. */
const HANGS_MS = 5_000;

/**
 * A view that is loaded when it is opened. Where it cannot be, since the API is away, the error says so and the shell stays; where the API
 * answers, a new release has other files, and the router loads the page anew.
 */
export function lazyView<Views extends Record<string, unknown>>(
  load: () => Promise<Views>,
  name: keyof Views & string,
) {
  return lazyRouteComponent(() => load().catch(withReason), name);
}

async function withReason(cause: unknown): Promise<never> {
  const probe = fetch('/health/live', { cache: 'no-store', signal: AbortSignal.timeout(HANGS_MS) });
  const answers = await probe.then(({ ok }) => ok).catch(() => false);
  throw answers ? cause : new Error('The API does not answer, and this view is not loaded yet', { cause });
}
