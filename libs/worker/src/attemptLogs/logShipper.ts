import { type AttemptLogLevel, attemptLogLevels } from '@jobstream/domain';
import type { AttemptLogs, ChunkOutcome, LogChunk } from '@jobstream/eventlog';
import type { Logger } from '../handler/logger.ts';
import { AttemptLog, type LoggedRun } from './attemptLog.ts';
import type { LineKeeper } from './keptLogger.ts';
import type { GivenLine } from './logLine.ts';

/** The kept lines of one run of a handler. */
export interface RunLog extends LineKeeper {
  /** The run is over: what its handler still writes is not kept. */
  end(): void;
}

/** Keeps what handlers write. */
export interface LogKeeper {
  /** Begins a run; undefined where nothing is kept. */
  open(run: LoggedRun, jobType: string): RunLog | undefined;
}

/**
 * Why lines were dropped. `limit`: their attempt had too many. `backlog`: too many wait for the server. `refused`: the server
 * does not take them, or the key of their job was destroyed. `lost`: the server did not answer for minutes.
 */
export type DropReason = 'limit' | 'backlog' | 'refused' | 'lost';

export interface LogShipperOptions {
  readonly eventLog: {
    readonly attemptLogs: Pick<AttemptLogs, 'append' | 'isAvailable'>;
    readonly clock: { now(): number };
  };
  /** Lines below this level are not kept. */
  readonly level: AttemptLogLevel;
  /** Whether errors are kept with their stacks. */
  readonly stacks: boolean;
  readonly onDropped: (jobType: string, lines: number, reason: DropReason) => void;
  readonly logger: Logger;
}

/** Chunks that the server acknowledges together, and that are sent again together when it does not. */
const MAX_TOGETHER = 64;

/** A chunk on its way to the server. */
interface Parcel {
  readonly chunk: LogChunk;
  readonly jobType: string;
  tries: number;
}

/** Lines wait for others, so that an attempt makes few messages, and those of many attempts are sent together. */
const FLUSH_MS = 100;
const RETRY_MS = 2_000;
/** More than three minutes, for a server that restarts. */
const MAX_TRIES = 100;
/** What may wait for the server: beyond it lines are dropped, since an attempt never waits for its log. */
const MAX_WAITING_BYTES = 8_388_608;
const STOP_MS = 500;
/** How often a stream that is missing is looked for: a newer release may be about to create it. */
const LOOK_AGAIN_MS = 30_000;

/** Sends the lines of attempts to the stream LOGS, some at a time, and drops what the server does not take in time. */
export class LogShipper implements LogKeeper {
  readonly #options: LogShipperOptions;
  readonly #kept: ReadonlySet<AttemptLogLevel>;
  readonly #changed = new Set<AttemptLog>();
  #again: Parcel[] = [];
  #waitingBytes = 0;
  #isAvailable = false;
  #flushing: NodeJS.Timeout | undefined;
  #retrying: NodeJS.Timeout | undefined;
  #looking: NodeJS.Timeout | undefined;
  #onEmpty: (() => void) | undefined;

  constructor(options: LogShipperOptions) {
    this.#options = options;
    this.#kept = new Set(attemptLogLevels.slice(attemptLogLevels.indexOf(options.level)));
  }

  async start(): Promise<void> {
    await this.#look();
    if (this.#isAvailable) return;
    this.#options.logger.warn(
      'the lines of handlers are not kept: the stream LOGS is missing, or this NATS user may not use it',
    );
    this.#looking = setInterval(() => void this.#look(), LOOK_AGAIN_MS).unref();
  }

  open(run: LoggedRun, jobType: string): RunLog | undefined {
    if (!this.#isAvailable) return undefined;
    let log: AttemptLog | undefined;
    return {
      stacks: this.#options.stacks,
      keeps: (level) => this.#kept.has(level),
      keep: (line) => this.#add((log ??= new AttemptLog(run, jobType)), line),
      end: () => log && this.#end(log),
    };
  }

  /** Sends what there is, and waits up to `ms` for the server to have it. */
  async drain(ms: number): Promise<void> {
    this.#flush();
    this.#retry();
    if (this.#waitingBytes === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onEmpty = resolve;
    const timer = setTimeout(resolve, ms);
    await promise;
    clearTimeout(timer);
  }

  async stop(): Promise<void> {
    await this.drain(STOP_MS);
    this.#isAvailable = false;
    clearInterval(this.#looking);
    clearTimeout(this.#flushing);
    clearTimeout(this.#retrying);
  }

  async #look(): Promise<void> {
    this.#isAvailable = await this.#options.eventLog.attemptLogs.isAvailable();
    if (this.#isAvailable) clearInterval(this.#looking);
  }

  #add(log: AttemptLog, line: Omit<GivenLine, 'time' | 'stacks'>): void {
    const { eventLog, stacks } = this.#options;
    const { level, bound, first, message } = line; // a spread costs as much as the rest
    if (log.add({ time: eventLog.clock.now(), level, bound, first, message, stacks })) this.#flushSoon(log);
  }

  #end(log: AttemptLog): void {
    log.end(this.#options.eventLog.clock.now());
    if (log.skipped > 0) this.#options.onDropped(log.jobType, log.skipped, 'limit');
    this.#flushSoon(log);
  }

  #flushSoon(log: AttemptLog): void {
    this.#changed.add(log);
    this.#flushing ??= setTimeout(() => this.#flush(), FLUSH_MS).unref();
  }

  #flush(): void {
    clearTimeout(this.#flushing);
    this.#flushing = undefined;
    const parcels: Parcel[] = [];
    for (const log of this.#changed) {
      const parcel = { chunk: log.takeChunk(), jobType: log.jobType, tries: 0 };
      if (this.#admit(parcel)) parcels.push(parcel);
    }
    this.#changed.clear();
    this.#send(parcels);
  }

  /** Whether there is room for it. */
  #admit(parcel: Parcel): boolean {
    const bytes = bytesOf(parcel);
    const isAdmitted = this.#waitingBytes + bytes <= MAX_WAITING_BYTES;
    if (isAdmitted) this.#waitingBytes += bytes;
    else this.#drop(parcel, 'backlog');
    return isAdmitted;
  }

  #send(parcels: readonly Parcel[]): void {
    const { attemptLogs } = this.#options.eventLog;
    for (const parcel of parcels) parcel.tries += 1;
    for (let start = 0; start < parcels.length; start += MAX_TOGETHER)
      attemptLogs.append(parcels.slice(start, start + MAX_TOGETHER), this.#onOutcome);
  }

  readonly #onOutcome = (parcel: Parcel, outcome: ChunkOutcome): void => {
    if (outcome === 'unknown' && parcel.tries < MAX_TRIES) {
      this.#again.push(parcel);
      this.#retrying ??= setTimeout(() => this.#retry(), RETRY_MS).unref();
      return;
    }
    if (outcome !== 'stored') this.#drop(parcel, outcome === 'refused' ? 'refused' : 'lost');
    this.#waitingBytes -= bytesOf(parcel);
    if (this.#waitingBytes === 0) this.#onEmpty?.();
  };

  #retry(): void {
    clearTimeout(this.#retrying);
    this.#retrying = undefined;
    const parcels = this.#again;
    this.#again = [];
    this.#send(parcels);
  }

  #drop({ chunk, jobType }: Parcel, reason: DropReason): void {
    if (chunk.lines !== '') this.#options.onDropped(jobType, chunk.lines.split('\n').length, reason);
  }
}

/** In characters: what is exact to the byte is the limit of an attempt. */
function bytesOf({ chunk }: Parcel): number {
  return chunk.lines.length + 100;
}
