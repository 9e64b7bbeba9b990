/** Checks whether a part of the system can be used. Anything but true means that it cannot: a text says why. */
export type ReadinessCheck = () => boolean | string | Promise<boolean | string>;

export interface ReadinessReport {
  readonly ready: boolean;
  /** Each part of the system. */
  readonly parts: Readonly<Record<string, 'up' | 'down'>>;
  /** Why a part is down, where it is known; absent if no reason is. */
  readonly reasons?: Readonly<Record<string, string>>;
  /** What an operator should know although the process is ready, by what it is about; absent if there is nothing. */
  readonly notes?: Readonly<Record<string, string>>;
  readonly stopping: boolean;
}

// Probes time out after one to a few seconds; a part that takes longer cannot serve requests.
const CHECK_TIMEOUT_MS = 1_000;

/** Returns a sentence if there is something to note. */
export type ReadinessNote = () => Promise<string | undefined>;

/** Decides whether this process should get requests: all parts are up, and it is not stopping. */
export class Readiness {
  readonly #checks: Readonly<Record<string, ReadinessCheck>>;
  readonly #notes: Readonly<Record<string, ReadinessNote>>;
  #stopping = false;

  /** @param notes are reported beside the parts, and left out when they cannot be read. */
  constructor(checks: Readonly<Record<string, ReadinessCheck>>, notes: Readonly<Record<string, ReadinessNote>> = {}) {
    this.#checks = checks;
    this.#notes = notes;
  }

  /** Reports not ready from now on, so that load balancers stop sending requests before they are refused. */
  announceStop(): void {
    this.#stopping = true;
  }

  async report(): Promise<ReadinessReport> {
    const [outcomes, noted] = await Promise.all([outcomesOf(this.#checks), outcomesOf(this.#notes)]);
    const ready = outcomes.every(([, outcome]) => outcome === true) && !this.#stopping;
    const parts = Object.fromEntries(
      outcomes.map(([part, outcome]) => [part, outcome === true ? 'up' : 'down'] as const),
    );
    return { ready, parts, ...texts('reasons', outcomes), ...texts('notes', noted), stopping: this.#stopping };
  }
}

type Outcomes = readonly (readonly [name: string, outcome: boolean | string | undefined])[];

function outcomesOf(checks: Readonly<Record<string, ReadinessCheck | ReadinessNote>>): Promise<Outcomes> {
  return Promise.all(Object.entries(checks).map(async ([name, check]) => [name, await outcomeOf(check)] as const));
}

function texts<const Name extends string>(name: Name, outcomes: Outcomes): { [Key in Name]?: Record<string, string> } {
  const found = outcomes.filter((outcome): outcome is [string, string] => typeof outcome[1] === 'string');
  if (found.length === 0) return {};
  return { [name]: Object.fromEntries(found) } as { [Key in Name]?: Record<string, string> };
}

async function outcomeOf(check: ReadinessCheck | ReadinessNote): Promise<boolean | string | undefined> {
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
