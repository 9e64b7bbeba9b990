import { setTimeout as pause } from 'node:timers/promises';
import type { JetStreamManager } from '@nats-io/jetstream';
import { isForbidden } from '../connection/serverErrors.ts';
import type { LogSink } from '../connection/logSink.ts';
import { ensureProcessConsumers } from './processConsumers.ts';
import { allInTurn, areWorkConsumers, ensureWorkConsumers, listConsumers, type WorkLimits } from './workConsumers.ts';

export interface ManagedConsumers {
  /** How long consumers wait for acknowledgements, of types for which no worker has announced another wait; default 10 s. */
  readonly ackWaitMs?: number;
  /** How often all consumers are checked; default a minute. */
  readonly checkMs?: number;
}

/** What a worker announces about how it takes the jobs of a type. */
export interface AnnouncedWork {
  readonly type: string;
  /** RFC 3339. */
  readonly startedAt: string;
  readonly limits: WorkLimits;
  readonly ackWaitMs?: number | undefined;
}

export interface ConsumerManagerOptions extends ManagedConsumers {
  readonly manager: JetStreamManager;
  readonly sink: LogSink;
  /** How many copies of the log there are. */
  readonly replicas: number;
}

/** Finds types that need consumers although nothing has named them since the start. */
type FindTypes = () => Promise<readonly string[]>;

/** Types beyond these get consumers only when they are announced: a client may misspell as many as it likes. */
const MAX_TYPES = 1_000;
const ACK_WAIT_MS = 10_000;
const CHECK_MS = 60_000;
const RETRY_MS = 1_000;
/** Bounds for what a worker may announce. */
const MIN_ACK_WAIT_MS = 500;
const MAX_ACK_WAIT_MS = 3_600_000;

/**
 * Creates the consumers of job types, so that workers need not be allowed to, and restores those that somebody deleted or
 * changed. A type has them within a second of its first job or schedule in this process, or of an announcement by any
 * worker; all are checked at the start and every minute. Several processes may do so at once.
 */
export class ConsumerManager {
  readonly #options: ConsumerManagerOptions;
  /** What was announced last of each type; undefined for a type that was not announced. */
  readonly #types = new Map<string, AnnouncedWork | undefined>();
  readonly #pending = new Set<string>();
  readonly #stop = new AbortController();
  #news = Promise.withResolvers<void>();
  #working: Promise<void> | undefined;
  #nextCheck = 0;
  /** Until it has succeeded once. */
  #findTypes: FindTypes | undefined;
  #isFailing = false;

  constructor(options: ConsumerManagerOptions) {
    this.#options = options;
  }

  /** Begins to manage; `findTypes` is called once. Returns at once. */
  start(findTypes: FindTypes): void {
    this.#findTypes = findTypes;
    this.#working ??= this.#work();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#news.resolve();
    await this.#working;
  }

  /**
   * Makes sure that a type has its consumers soon. Types of jobs and schedules that this process appends, and announced
   * ones, need no call. Does nothing for a known type, or before the start.
   */
  require(jobType: string): void {
    if (this.#working === undefined || this.#types.has(jobType) || this.#types.size >= MAX_TYPES) return;
    this.#types.set(jobType, undefined);
    this.#ensureSoon(jobType);
  }

  /**
   * Creates the consumers that belong to no job type, as `start` does.
   *
   * @returns false on NATS permissions of an earlier release, which leave them to workers and projectors.
   */
  async createProcessConsumers(ackWaitMs = this.#options.ackWaitMs ?? ACK_WAIT_MS): Promise<boolean> {
    const { manager, replicas } = this.#options;
    try {
      await ensureProcessConsumers(manager, { replicas, ackWaitMs });
      return true;
    } catch (error) {
      if (isForbidden(error)) return false;
      throw error;
    }
  }

  /** As `require`, with the settings of the worker that started last. */
  announced(work: AnnouncedWork): void {
    const before = this.#types.get(work.type);
    if (this.#working === undefined || !isNewer(work, before)) return;
    this.#types.set(work.type, work);
    if (!hasSameSettings(work, before)) this.#ensureSoon(work.type);
  }

  #ensureSoon(jobType: string): void {
    this.#pending.add(jobType);
    this.#news.resolve();
  }

  async #work(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      this.#news = Promise.withResolvers();
      const succeeded = await this.#catchUp();
      const idleMs = succeeded ? Math.max(0, this.#nextCheck - performance.now()) : RETRY_MS;
      if (this.#pending.size > 0 && succeeded) continue;
      const news = succeeded ? [this.#news.promise] : [];
      await Promise.race([...news, pause(idleMs, undefined, { signal, ref: false }).catch(() => undefined)]);
    }
  }

  /** Returns whether all that is known to be missing has been created. */
  async #catchUp(): Promise<boolean> {
    try {
      const isDue = performance.now() >= this.#nextCheck;
      const ensures = [...this.#pending].map((jobType) => () => this.#ensure(jobType));
      await allInTurn([...ensures, ...(isDue ? [() => this.createProcessConsumers(), () => this.#check()] : [])]);
      this.#isFailing = false;
      return true;
    } catch (error) {
      if (!this.#isFailing && !this.#stop.signal.aborted)
        this.#options.sink.warn({ reason: String(error) }, 'consumers of job types cannot be created, trying again');
      this.#isFailing = true;
      return false;
    }
  }

  async #ensure(jobType: string): Promise<void> {
    const { manager, ackWaitMs: newAckWaitMs = ACK_WAIT_MS } = this.#options;
    const { limits, ackWaitMs } = this.#types.get(jobType) ?? {};
    this.#pending.delete(jobType);
    try {
      await ensureWorkConsumers(manager, { jobType, limits, newAckWaitMs, ackWaitMs: bounded(ackWaitMs) });
    } catch (error) {
      this.#pending.add(jobType);
      throw error;
    }
  }

  /**
   * Finds what was deleted or changed, and types that nothing in this process has named. A list that is not answered may
   * lack consumers that have lost their servers in a cluster, so all types get theirs anew, which mends them.
   */
  async #check(): Promise<void> {
    const { types: found } = await listConsumers(this.#options.manager).catch((error: unknown) => {
      for (const jobType of this.#types.keys()) this.#pending.add(jobType);
      throw error;
    });
    const intact = new Set(found.filter(areWorkConsumers).map(({ jobType }) => jobType));
    const named = (await this.#findTypes?.()) ?? [];
    this.#findTypes = undefined;
    for (const { jobType } of found) if (!this.#types.has(jobType)) this.#types.set(jobType, undefined);
    for (const jobType of named) this.require(jobType);
    for (const jobType of this.#types.keys()) if (!intact.has(jobType)) this.#pending.add(jobType);
    this.#nextCheck = performance.now() + (this.#options.checkMs ?? CHECK_MS);
  }
}

function isNewer(work: AnnouncedWork, before: AnnouncedWork | undefined): boolean {
  return before === undefined || Date.parse(work.startedAt) >= Date.parse(before.startedAt);
}

function hasSameSettings(work: AnnouncedWork, before: AnnouncedWork | undefined): boolean {
  const settings = (one: AnnouncedWork) => JSON.stringify([one.limits, one.ackWaitMs]);
  return before !== undefined && settings(work) === settings(before);
}

function bounded(ackWaitMs: number | undefined): number | undefined {
  return ackWaitMs && Math.min(Math.max(ackWaitMs, MIN_ACK_WAIT_MS), MAX_ACK_WAIT_MS);
}
