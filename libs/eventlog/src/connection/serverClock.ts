import { LogUnavailableError } from '../errors.ts';
import type { LogSink } from './logSink.ts';

export interface ServerClockOptions {
  /** Asks the server for its time, in milliseconds since 1970; rejects when it does not answer. */
  readonly askServer: () => Promise<number>;
  readonly sink: LogSink;
  /** The clocks of this process, both in milliseconds; `wall` may be set, `monotonic` never is. */
  readonly local?: LocalClocks;
}

interface LocalClocks {
  readonly wall: () => number;
  readonly monotonic: () => number;
}

/** What one answer, or several, tell of the server's clock. */
interface Measurement {
  /** The server's time less the monotonic time of this process. */
  readonly epoch: number;
  /** The server's clock was at most this far from it. */
  readonly errorMs: number;
  /** In monotonic time. */
  readonly measuredAt: number;
}

const CHECK_MS = 1_000;
const MEASURE_AGAIN_MS = 60_000;
const RETRY_MS = 5_000;
/** Of so many answers the fastest is believed: it leaves the least doubt. */
const SAMPLES = 3;
/** Two clocks drift apart by less than this share of the time, also while one of them is being adjusted. */
const DRIFT = 1 / 1_000;
/** A wall clock that moved this much against the monotonic one was set, or the machine slept. */
const JUMP_MS = 250;
const WARN_ABOVE_MS = 1_000;

/**
 * The clock of nats-server as this process knows it: asked for when the log starts, every minute, after a reconnect, and
 * when the clock of the machine was set. In between it runs in monotonic time, so that nothing depends on whether the
 * clock of this machine is right. In a cluster it is the clock of the leader of TIMERS, where timers fire.
 */
export class ServerClock {
  readonly #options: ServerClockOptions;
  readonly #local: LocalClocks;
  #known: Measurement | undefined;
  #wallEpoch: number;
  #measureAt = 0;
  #measuring = false;
  #warnedOffsetMs = 0;
  #checks: NodeJS.Timeout | undefined;

  constructor(options: ServerClockOptions) {
    this.#options = options;
    this.#local = options.local ?? { wall: () => Date.now(), monotonic: () => performance.now() };
    this.#wallEpoch = this.#local.wall() - this.#local.monotonic();
  }

  /** Measures, and does so again from time to time. @throws LogUnavailableError when the server does not answer. */
  async start(): Promise<void> {
    await this.#measure();
    this.#checks = setInterval(() => void this.check(), CHECK_MS).unref();
  }

  stop(): void {
    clearInterval(this.#checks);
  }

  /** Returns the server's time in whole milliseconds since 1970; before the first measurement this machine's. */
  now(): number {
    const { wall, monotonic } = this.#local;
    return Math.floor(this.#known === undefined ? wall() : this.#known.epoch + monotonic());
  }

  /**
   * Returns an instant that the server's clock has reached for certain, in whole milliseconds since 1970: its time less
   * the doubt of the measurement. To be asked for what must not happen early; `now` may be ahead by half a round trip.
   */
  reached(): number {
    const { wall, monotonic } = this.#local;
    const known = this.#known;
    if (known === undefined) return Math.floor(wall());
    const at = monotonic();
    return Math.floor(known.epoch + at - doubtOf(known, at));
  }

  /** Returns how many milliseconds this machine's clock is ahead of the server's now, 0 before the first measurement. */
  offsetMs(): number {
    const { wall, monotonic } = this.#local;
    return this.#known === undefined ? 0 : wall() - this.#known.epoch - monotonic();
  }

  /** Whether this machine's clock is at most `maxSkewMs` ahead or behind now; 0 means that any clock is. */
  isWithin(maxSkewMs: number): boolean {
    return maxSkewMs === 0 || Math.abs(this.offsetMs()) <= maxSkewMs;
  }

  /** Measures soon, e.g. because the connection now leads to another server. */
  doubt(): void {
    this.#measureAt = 0;
  }

  /** Measures again if it is time to, or if the clock of this machine was set; called every second. Never rejects. */
  async check(): Promise<void> {
    this.#noticeJump();
    if (this.#measuring || this.#local.monotonic() < this.#measureAt) return;
    await this.#measure().catch(() => (this.#measureAt = this.#local.monotonic() + RETRY_MS));
  }

  /** While a machine sleeps its monotonic clock stands still, so here either clock may be the one that is wrong. */
  #noticeJump(): void {
    const { wall, monotonic } = this.#local;
    const wallEpoch = wall() - monotonic();
    const jumpMs = Math.round(wallEpoch - this.#wallEpoch);
    this.#wallEpoch = wallEpoch;
    if (Math.abs(jumpMs) < JUMP_MS) return;
    this.#options.sink.warn({ jumpMs }, 'the clock of this machine was set, or the machine slept');
    this.doubt();
  }

  async #measure(): Promise<void> {
    this.#measuring = true;
    try {
      let best = await this.#sample();
      for (let taken = 1; taken < SAMPLES; taken += 1) {
        const sample = await this.#sample();
        if (sample.errorMs < best.errorMs) best = sample;
      }
      this.#adopt(best);
      this.#measureAt = best.measuredAt + MEASURE_AGAIN_MS;
      this.#reportOffset();
    } finally {
      this.#measuring = false;
    }
  }

  /** The server read its clock between the request and the answer. */
  async #sample(): Promise<Measurement> {
    const { monotonic } = this.#local;
    const askedAt = monotonic();
    const serverTime = await this.#options.askServer();
    const measuredAt = monotonic();
    if (!Number.isFinite(serverTime)) throw new LogUnavailableError('the server does not say what time it is');
    return { epoch: serverTime - (askedAt + measuredAt) / 2, errorMs: (measuredAt - askedAt) / 2, measuredAt };
  }

  /** A slow answer does not replace a better measurement with which it agrees. */
  #adopt(fresh: Measurement): void {
    const known = this.#known;
    if (known !== undefined) {
      const doubtMs = doubtOf(known, fresh.measuredAt);
      const agrees = Math.abs(fresh.epoch - known.epoch) <= doubtMs + fresh.errorMs;
      if (agrees && doubtMs < fresh.errorMs) return;
    }
    this.#known = fresh;
  }

  #reportOffset(): void {
    const offsetMs = Math.round(this.offsetMs());
    if (Math.abs(offsetMs - this.#warnedOffsetMs) <= WARN_ABOVE_MS) return;
    const isSkewed = Math.abs(offsetMs) > WARN_ABOVE_MS;
    this.#warnedOffsetMs = isSkewed ? offsetMs : 0;
    const { sink } = this.#options;
    if (isSkewed)
      sink.warn({ offsetMs }, `the clock of this machine is ${offsetMs > 0 ? 'ahead of' : 'behind'} nats-server's`);
    else sink.info({ offsetMs }, "the clock of this machine agrees with nats-server's");
  }
}

/** How far the server's clock may be from a measurement at an instant of the monotonic time, in milliseconds. */
function doubtOf({ errorMs, measuredAt }: Measurement, at: number): number {
  return errorMs + (at - measuredAt) * DRIFT;
}

/** The options of the gauge that every process has; they fit prom-client and our own registry. */
export function clockOffsetGauge(clock: Pick<ServerClock, 'offsetMs'>) {
  return {
    name: 'jobstream_clock_offset_seconds',
    help: 'Seconds that the clock of this machine is ahead of that of nats-server, negative if behind. Jobs do not depend on it.',
    collect: (gauge: { set(value: number): void }) => gauge.set(clock.offsetMs() / 1_000),
  };
}
