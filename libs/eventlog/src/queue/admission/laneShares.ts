import type { Priority } from '@jobstream/domain';
import type { Timer, Timers } from '../../connection/processTimers.ts';

/** Of jobs that start while more of each priority wait than can run. */
export const WEIGHTS: Readonly<Record<Priority, number>> = { high: 16, normal: 4, low: 1 };
/** Deliveries of a round for each one of weight, where a worker has room for many. */
const MOST_AT_ONCE = 16;
/** Within it a server delivers what waits; what other workers have taken meanwhile does not come. */
const ANSWER_MS = 50;

/** The part that one source of deliveries has in the share of its priority. The others are called only while it is `isShared`. */
export interface LaneShare {
  /** Whether there are other priorities. */
  readonly isShared: boolean;
  /** Of the deliveries that there is room for, those that may be requested now. */
  allowed(room: number): number;
  /** How many are worth a request. */
  portion(): number;
  /** To be called with each message that arrives. */
  delivered(message: { pending(): number }): void;
  /** To be called when nothing waits. */
  emptied(): void;
}

export interface LaneSharesOptions {
  readonly timers: Timers;
  /** Called when something may be requested that was not allowed before. */
  readonly onAllowed: () => void;
  /** Deliveries that may be held. */
  readonly credit: () => number;
}

interface Share {
  readonly weight: number;
  /** Deliveries left to it in this round; below 0 where more came than it was allowed. */
  credit: number;
  readonly sources: Source[];
}

interface Source {
  /** Whether more wait, by the last message. */
  waits: boolean;
  /** Messages that are requested and have not come. */
  readonly open: () => number;
  /** Messages that have come. */
  arrived: number;
}

/** Is asked at each message, so it knows by itself whether there are other priorities. */
type Joined = { isShared: boolean } & Omit<LaneShare, 'isShared'>;

/**
 * Shares a worker's room among the priorities of a job type by their weights, as a deficit round robin: in each round a priority may
 * have as many deliveries as it has weight, and the next round begins when those of which jobs wait have had theirs. What one
 * leaves, others take at once. With one priority, all of the room is its own.
 */
export class LaneShares {
  readonly #options: LaneSharesOptions;
  readonly #shares = new Map<Priority, Share>();
  readonly #joined: Joined[] = [];
  #looking: Timer | undefined;

  constructor(options: LaneSharesOptions) {
    this.#options = options;
  }

  /** Adds a source of deliveries of jobs with this priority, which says how many it has requested that have not come. */
  join(priority: Priority, open: () => number): LaneShare {
    const share = this.#shares.get(priority) ?? newShare(WEIGHTS[priority]);
    this.#shares.set(priority, share);
    const source: Source = { waits: false, open, arrived: 0 };
    share.sources.push(source);
    const joined: Joined = {
      isShared: false,
      allowed: (room) => (room > 0 ? this.#allowed(share, room) : room),
      portion: () => this.#portion(),
      delivered: (message) => {
        source.arrived++;
        share.credit--;
        source.waits = message.pending() > 0;
      },
      emptied: () => void (source.waits = false),
    };
    this.#joined.push(joined);
    if (this.#shares.size > 1) for (const one of this.#joined) one.isShared = true;
    return joined;
  }

  stop(): void {
    this.#options.timers.clearTimeout(this.#looking);
  }

  #portion(): number {
    return Math.min(MOST_AT_ONCE, Math.max(1, Math.floor(this.#options.credit() / MOST_AT_ONCE)));
  }

  #allowed(share: Share, room: number): number {
    const portion = this.#portion();
    if (share.credit < portion) {
      if (this.#othersHaveTurns(share, portion)) {
        if (room >= portion) this.#lookAgain();
        return 0;
      }
      this.#beginRounds(share, portion);
    }
    return Math.min(room, share.credit);
  }

  #othersHaveTurns(share: Share, portion: number): boolean {
    for (const other of this.#shares.values())
      if (other !== share && other.credit >= portion && other.sources.some(({ waits }) => waits)) return true;
    return false;
  }

  /** Begins as many as the share needs; nobody saves up turns that it does not use. */
  #beginRounds(share: Share, portion: number): void {
    while (share.credit < portion) {
      for (const one of this.#shares.values())
        one.credit = Math.min(one.credit + one.weight * portion, one.weight * portion);
    }
    queueMicrotask(this.#options.onAllowed);
  }

  /** What waited may have gone to other workers; then a request is not answered, and nobody may wait for it. */
  #lookAgain(): void {
    if (this.#looking !== undefined) return;
    const sources = [...this.#shares.values()].flatMap((share) => share.sources);
    const asked = sources.filter(({ open }) => open() > 0).map((source) => [source, source.arrived] as const);
    this.#looking = this.#options.timers.setTimeout(() => {
      this.#looking = undefined;
      for (const [source, arrived] of asked) if (source.arrived === arrived) source.waits = false;
      this.#options.onAllowed();
    }, ANSWER_MS);
  }
}

function newShare(weight: number): Share {
  return { weight, credit: 0, sources: [] };
}
