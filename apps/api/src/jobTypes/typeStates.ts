import type { JobTypeInfo, LiveAnnouncement } from '@jobstream/eventlog';
import type { ApiDeps } from '../apiDeps.ts';
import { rateText } from './typeView.ts';

/** What decides whether the jobs of a type start. */
export interface TypeState {
  /** Undefined for a type without consumers: nobody has created a job of it, or a moment ago. */
  readonly info: JobTypeInfo | undefined;
  /** Whether a worker has announced the type within the last day. */
  readonly announced: boolean;
  /** The living workers that take jobs of the type; undefined if announcements cannot be read. */
  readonly workers: number | undefined;
  /** Jobs that they run at once, all together. */
  readonly concurrency: number;
  /** Jobs that those with a rate start, all together. */
  readonly rate: string | undefined;
}

type Infos = ReadonlyMap<string, JobTypeInfo>;

/** The workers that take no jobs, of all types. */
interface Workers {
  readonly stopping: ReadonlySet<string>;
  readonly gone: ReadonlySet<string>;
}

/** How old a state may be: the consumers of all types are read for all requests together. */
const FRESH_MS = 500;
/** How long an answer waits for a state that it can do without. */
const LIMIT_MS = 250;
const HOUR_MS = 3_600_000;

/** The states of all job types, read while somebody asks for them. */
export class TypeStates {
  readonly #deps: Pick<ApiDeps, 'log' | 'announced'>;
  #infos: Promise<Infos | undefined> = Promise.resolve(undefined);
  #isReading = false;
  #readAt = Number.NEGATIVE_INFINITY;
  #workers: Workers | undefined;
  #workersAt = Number.NEGATIVE_INFINITY;

  constructor(deps: Pick<ApiDeps, 'log' | 'announced'>) {
    this.#deps = deps;
  }

  /** Returns the state of each type; undefined while the log does not answer. */
  async read(): Promise<((type: string) => TypeState) | undefined> {
    if (!this.#deps.log.isConnected()) return undefined;
    if (!this.#isReading && performance.now() - this.#readAt >= FRESH_MS) this.#read();
    const infos = await this.#unlessLate();
    return infos && ((type) => this.#stateOf(type, infos));
  }

  /** Whether a worker has announced itself and lives no more. */
  isGone(worker: string): boolean {
    return this.#currentWorkers().gone.has(worker);
  }

  #read(): void {
    this.#readAt = performance.now();
    this.#isReading = true;
    const reading = this.#deps.log.jobTypes.list().then(byType, () => undefined);
    this.#infos = reading.finally(() => (this.#isReading = false));
  }

  async #unlessLate(): Promise<Infos | undefined> {
    const { promise: late, resolve } = Promise.withResolvers<undefined>();
    const left = this.#readAt + LIMIT_MS - performance.now();
    const timer = this.#isReading ? setTimeout(resolve, Math.max(0, left), undefined) : undefined;
    try {
      return await Promise.race([this.#infos, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #stateOf(type: string, infos: Infos): TypeState {
    const { announced } = this.#deps;
    const { stopping } = this.#currentWorkers();
    const announcements = announced.type(type)?.announcements ?? [];
    const taking = announcements.filter(({ live, worker }) => live && !stopping.has(worker));
    return {
      info: infos.get(type),
      announced: announcements.length > 0,
      workers: announced.isCurrent() ? taking.length : undefined,
      concurrency: taking.reduce((sum, { limits }) => sum + limits.concurrency, 0),
      rate: rateOf(taking),
    };
  }

  #currentWorkers(): Workers {
    if (this.#workers !== undefined && performance.now() - this.#workersAt < FRESH_MS) return this.#workers;
    const all = this.#deps.announced.workers();
    const named = (which: typeof all) => new Set(which.map(({ worker }) => worker));
    this.#workersAt = performance.now();
    this.#workers = {
      stopping: named(all.filter((one) => one.stopping === true)),
      gone: named(all.filter(({ live }) => !live)),
    };
    return this.#workers;
  }
}

function byType(infos: readonly JobTypeInfo[]): Infos {
  return new Map(infos.map((info) => [info.jobType, info]));
}

/** In the unit of their rates, or where these differ, in an hour. */
function rateOf(workers: readonly LiveAnnouncement[]): string | undefined {
  const rates = workers.map(({ limits }) => limits.rate).filter((rate) => rate !== undefined);
  const [first] = rates;
  if (first === undefined) return undefined;
  const perMs = rates.every((rate) => rate.perMs === first.perMs) ? first.perMs : HOUR_MS;
  return rateText({ starts: rates.reduce((sum, rate) => sum + (rate.starts * perMs) / rate.perMs, 0), perMs });
}
