import type { Warn } from './retryWarning.ts';

/** How many sentences a client remembers, and tells at all. */
const MOST_TOLD = 100;

/** Tells what the API says of a job or schedule that it has accepted, each sentence once, so that a loop that creates jobs tells it once. */
export class JobWarnings {
  readonly #warn: Warn;
  readonly #told = new Set<string>();

  constructor(warn: Warn) {
    this.#warn = warn;
  }

  /** @param asked the request, such as `POST /api/jobs`. */
  tell(asked: string, answer: unknown): void {
    if (this.#warn === false) return;
    for (const detail of detailsIn(answer)) {
      if (this.#told.has(detail) || this.#told.size >= MOST_TOLD) continue;
      this.#told.add(detail);
      this.#warn(`jobstream: ${asked}: ${detail}`);
    }
  }
}

function detailsIn(answer: unknown): readonly string[] {
  const { warnings } = (answer ?? {}) as { readonly warnings?: unknown };
  return Array.isArray(warnings) ? warnings.map(({ detail }: { readonly detail: string }) => detail) : [];
}
