import { setTimeout as pause } from 'node:timers/promises';
import { measureDisk } from './fileStoreLimit.ts';

/** What the watch asks and changes of a server: an `EmbeddedNats`. */
interface WatchedServer {
  readonly monitorUrl: string | undefined;
  readonly storeDir: string;
  /** Raises the limit of what the server may store; returns the new one, undefined when it stays. */
  raiseLimit(): Promise<number | undefined>;
}

export interface DiskWatchOptions {
  readonly server: WatchedServer;
  readonly restart: () => Promise<void>;
  /** Receives a line of text for each thing that it sees or does. */
  readonly report: (line: string) => void;
  /** The pause between two looks; default 2 s. */
  readonly intervalMs?: number;
}

/** Looks in a row at which the server reports a failed write, or that it is unavailable, before it is restarted. */
const LOOKS = { write: 3, other: 15 };
/** The pause after a restart that has not helped; it doubles up to the longest. */
const FIRST_PAUSE_MS = 10_000;
const LONGEST_PAUSE_MS = 300_000;
const TIMEOUT_MS = 2_000;
/** The share of its limit that a server has when it is time to look whether its disk has got room. */
const NEARLY_FULL = 0.9;
const MB = 1_000_000;

/**
 * Watches a nats-server on this machine. A server whose write has failed, as on a full disk, takes no more until it is
 * restarted, and tells so on `/healthz`: it is restarted as soon as the disk has room. A server that has nearly reached its
 * limit is given a higher one when its disk has room.
 */
export class DiskWatch {
  readonly #options: DiskWatchOptions;
  readonly #stop = new AbortController();
  #failures = 0;
  #isFullReported = false;
  #pauseMs = FIRST_PAUSE_MS;
  #pausedUntil = 0;

  constructor(options: DiskWatchOptions) {
    this.#options = options;
  }

  start(): void {
    void this.#watch();
  }

  /** From then on nothing is restarted. Call it before the server is stopped. */
  stop(): void {
    this.#stop.abort();
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stop;
    const { intervalMs = 2_000 } = this.#options;
    while (!signal.aborted) {
      // What cannot be looked at, such as a server that starts, is looked at again.
      await this.#look().catch(() => undefined);
      await pause(intervalMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #look(): Promise<void> {
    const { server } = this.#options;
    const failure = await failureOf(server.monitorUrl);
    if (failure === undefined) return this.#seeHealthy();
    this.#failures += 1;
    const { free, reserve } = await measureDisk(server.storeDir);
    const isFull = free < reserve;
    if (isFull) this.#reportFull(failure, reserve);
    const looks = failure.includes('write error') ? LOOKS.write : LOOKS.other;
    if (!isFull && this.#failures >= looks) await this.#restart(failure, free);
  }

  async #seeHealthy(): Promise<void> {
    this.#failures = 0;
    this.#isFullReported = false;
    this.#pauseMs = FIRST_PAUSE_MS;
    const { server, report } = this.#options;
    if (!(await isNearlyFull(server.monitorUrl))) return;
    const limit = await server.raiseLimit();
    if (limit !== undefined) report(`the log may take ${megabytes(limit)} now: its disk has got room`);
  }

  /** Once, although a server may have failed before its disk was full. */
  #reportFull(failure: string, reserve: number): void {
    if (this.#isFullReported) return;
    this.#isFullReported = true;
    const remedy = `it goes on by itself when ${megabytes(reserve)} are free`;
    this.#options.report(`the log takes no more, its disk is full: ${failure}; ${remedy}`);
  }

  async #restart(failure: string, free: number): Promise<void> {
    if (this.#stop.signal.aborted || performance.now() < this.#pausedUntil) return;
    this.#options.report(`restarting nats-server, which takes no more, with ${megabytes(free)} free: ${failure}`);
    this.#failures = 0;
    await this.#options.restart();
    this.#pausedUntil = performance.now() + this.#pauseMs;
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
  }
}

/** Returns what a server that answers says is wrong with it; undefined if nothing is. */
async function failureOf(monitorUrl: string | undefined): Promise<string | undefined> {
  const { status, error } = (await ask(monitorUrl, '/healthz')) as { status?: string; error?: string };
  return status === 'ok' ? undefined : (error ?? status);
}

async function isNearlyFull(monitorUrl: string | undefined): Promise<boolean> {
  const { storage, config } = (await ask(monitorUrl, '/jsz')) as { storage: number; config: { max_storage: number } };
  return storage > config.max_storage * NEARLY_FULL;
}

async function ask(monitorUrl: string | undefined, path: string): Promise<unknown> {
  const response = await fetch(`${monitorUrl}${path}`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  return response.json();
}

function megabytes(bytes: number): string {
  return `${(bytes / MB).toFixed(1)} MB`;
}
