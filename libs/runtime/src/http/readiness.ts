/** Checks whether a part of the system can be used. Anything but true means that it cannot: a text says why. */
export type ReadinessCheck = () => boolean | string | Promise<boolean | string>;

export interface ReadinessReport {
  readonly ready: boolean;
  /** Each part of the system. */
  readonly parts: Readonly<Record<string, 'up' | 'down'>>;
  /** Why a part is down, where it is known; absent if no reason is. */
  readonly reasons?: Readonly<Record<string, string>>;
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
      Object.entries(this.#checks).map(async ([part, check]) => [part, await outcomeOf(check)] as const),
    );
    const ready = outcomes.every(([, outcome]) => outcome === true) && !this.#stopping;
    const parts = Object.fromEntries(
      outcomes.map(([part, outcome]) => [part, outcome === true ? 'up' : 'down'] as const),
    );
    const known = outcomes.filter((outcome): outcome is [string, string] => typeof outcome[1] === 'string');
    const reasons = known.length === 0 ? {} : { reasons: Object.fromEntries(known) };
    return { ready, parts, ...reasons, stopping: this.#stopping };
  }
}

async function outcomeOf(check: ReadinessCheck): Promise<boolean | string> {
  const { promise: late, resolve } = Promise.withResolvers<boolean | string>();
  const timer = setTimeout(resolve, CHECK_TIMEOUT_MS, false);
  try {
    return await Promise.race([check(), late]);
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}
