/** Resolves to whether a part of the system can be used; a rejection means that it cannot. */
export type ReadinessCheck = () => boolean | Promise<boolean>;

export interface ReadinessReport {
  readonly ready: boolean;
  /** `up` or `down` for each part, and why this process takes no requests although all is up. */
  readonly parts: Readonly<Record<string, 'up' | 'down'>>;
  readonly stopping: boolean;
}

// Probes give up after one to a few seconds; a part that needs longer to say that it is up is of no use to requests.
const CHECK_TIMEOUT_MS = 1_000;

/** Whether this process should get requests: all parts are up, and it is not about to stop. */
export class Readiness {
  readonly #checks: Readonly<Record<string, ReadinessCheck>>;
  #stopping = false;

  constructor(checks: Readonly<Record<string, ReadinessCheck>>) {
    this.#checks = checks;
  }

  /** From now on the answer is no, so that load balancers look elsewhere before requests are refused. */
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
