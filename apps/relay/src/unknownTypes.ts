import type { EventLog } from '@jobstream/eventlog';
import { nearestNames } from '@jobstream/runtime';
import type { CauseLog } from './causeLog.ts';

/** A log that says which job types are announced, once it has started. */
export interface AnnouncingLog {
  readonly announcements: Pick<EventLog['announcements'], 'announcedTypes'>;
}

interface UnknownTypesOptions {
  readonly log: AnnouncingLog;
  readonly causes: CauseLog;
  /** The outbox that the rows come from. */
  readonly outbox: string;
}

/** How long what was found of a type that is not announced holds. */
const AGAIN_MS = 60_000;
/** Of the types that are not announced so many are remembered, the newest. */
const MOST_TYPES = 1_000;

/**
 * Warns of relayed jobs whose type no worker has announced, as the API warns who creates one: nobody else would tell an application
 * that writes SQL. What is announced is asked for when such a type comes, and again a minute later; no row waits for it.
 */
export class UnknownTypes {
  readonly #options: UnknownTypesOptions;
  /** Those that were not known when they came, with the time until which they are not looked at again. */
  readonly #until = new Map<string, number>();
  readonly #toCheck = new Set<string>();
  #known: ReadonlySet<string> = new Set();
  #asking: Promise<void> | undefined;

  constructor(options: UnknownTypesOptions) {
    this.#options = options;
  }

  /** Takes note of the types of jobs that were relayed. */
  relayed(types: Iterable<string>): void {
    const now = performance.now();
    for (const type of types) {
      if (this.#known.has(type) || now < (this.#until.get(type) ?? 0)) continue;
      this.#remember(type, now + AGAIN_MS);
      this.#toCheck.add(type);
    }
    if (this.#toCheck.size > 0) this.#asking ??= this.#ask().finally(() => (this.#asking = undefined));
  }

  /** Resolves when nothing is asked any more. */
  async stop(): Promise<void> {
    await this.#asking;
  }

  #remember(type: string, until: number): void {
    this.#until.delete(type); // to be the newest
    this.#until.set(type, until);
    const [oldest] = this.#until.keys();
    if (this.#until.size > MOST_TYPES && oldest !== undefined) this.#until.delete(oldest);
  }

  /** Says nothing while it is not known what is announced. */
  async #ask(): Promise<void> {
    while (this.#toCheck.size > 0) {
      const types = [...this.#toCheck];
      this.#toCheck.clear();
      try {
        this.#known = new Set(await this.#options.log.announcements.announcedTypes());
      } catch {
        continue;
      }
      for (const type of types) if (!this.#known.has(type)) this.#warn(type);
    }
  }

  #warn(jobType: string): void {
    const { causes, outbox } = this.#options;
    const nearest = nearestNames(jobType, [...this.#known]);
    const hint = nearest.length === 0 ? '' : `; did you mean ${nearest.join(' or ')}?`;
    const message = `no worker has announced the type ${jobType}${hint}`;
    causes.log({ level: 'warn', message, cause: jobType, details: { outbox, jobType } });
  }
}
