/** Checks whether a part of the system can be used; a rejection means that it cannot. */
export type ReadinessCheck = () => boolean | Promise<boolean>;

export interface ReadinessReport {
  readonly ready: boolean;
  /** Each part of the system. */
  readonly parts: Readonly<Record<string, 'up' | 'down'>>;
  readonly stopping: boolean;
}

// Probes time out after one to a few seconds; a part that takes longer cannot serve requests.
const CHECK_TIMEOUT_MS = 1_000;

/** Decides whether this process should get requests: all parts are up, and it is not stopping. */
export class Readiness {
  readonly #checks: Readonly<Record<string, ReadinessCheck>>;
  #stopping = false;

  constructor(checks: Readonly<Record<string, ReadinessCheck>>) {
    this.#checks = checks;
  }

  /** Reports not ready from now on, so that load balancers stop sending requests before they are refused. */
  announceStop(): void {
    this.#stopping = true;
  }

  async report(): Promise<ReadinessReport> {
    const outcomes = await Promise.all(
      Object.entries(this.#checks).map(async ([part, check]) => [part, (await passes(check)) ? 'up' : 'down'] as const),
    );
    const allUp = outcomes.every(([, outcome]) => outcome === 'up');
    return { ready: allUp && !this.#stopping, parts: Object.fromEntries(outcomes), stopping: this.#stopping };
  }
}

async function passes(check: ReadinessCheck): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(resolve, CHECK_TIMEOUT_MS, false);
  try {
    return await Promise.race([check(), late]);
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}
