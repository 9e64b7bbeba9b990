import { askMonitor, type ServerStorage } from './serverMonitor.ts';

export interface LogStorageOptions {
  /** The monitoring addresses of the servers; without them nothing is known about their storage. */
  readonly monitorUrls: readonly string[];
  /** The folder of the only server's data, where this process sees it. */
  readonly storeDir: string | undefined;
}

const CACHE_MS = 1_000;
const MB = 1_000_000;

/** Knows how much the servers of the log store, and how much they may. Answers are kept for a second. */
export class LogStorage {
  readonly #options: LogStorageOptions;
  #answer: Promise<readonly ServerStorage[]> | undefined;
  #askedAt = 0;

  constructor(options: LogStorageOptions) {
    this.#options = options;
  }

  /** Returns what each server says; one that does not answer is left out. */
  servers(): Promise<readonly ServerStorage[]> {
    if (this.#answer === undefined || performance.now() - this.#askedAt >= CACHE_MS) {
      this.#askedAt = performance.now();
      this.#answer = this.#ask();
    }
    return this.#answer;
  }

  /** Returns why the servers store nothing more; undefined if they do, as far as is known. */
  async whyClosed(): Promise<string | undefined> {
    const closed = (await this.servers()).flatMap((server) => whyClosed(server) ?? []);
    // A log with copies goes on while most of its servers do.
    return closed.length * 2 > this.#options.monitorUrls.length ? closed.join('; ') : undefined;
  }

  async #ask(): Promise<readonly ServerStorage[]> {
    const { monitorUrls, storeDir } = this.#options;
    const answers = await Promise.all(monitorUrls.map((url) => askMonitor(url, storeDir)));
    return answers.filter((answer) => answer !== undefined);
  }
}

/** Returns how many bytes a server can still store, by its limit and its disk. */
export function bytesLeft({ used, limit, free }: ServerStorage): number {
  return Math.max(0, Math.min(limit - used, free ?? Infinity));
}

function whyClosed(storage: ServerStorage): string | undefined {
  const { server, used, limit, failedWrite } = storage;
  if (failedWrite !== undefined) return `nats-server ${server} could not write: ${failedWrite}${diskOf(storage)}`;
  if (used < limit) return undefined;
  const figures = `${megabytes(used)} of ${megabytes(limit)} that max_file_store allows${diskOf(storage)}`;
  return `nats-server ${server} stores no more: it has ${figures}`;
}

function diskOf({ free }: ServerStorage): string {
  return free === undefined ? '' : `; ${megabytes(free)} of its disk are free`;
}

function megabytes(bytes: number): string {
  return `${(bytes / MB).toFixed(1)} MB`;
}
