import { setTimeout as pause } from 'node:timers/promises';
import type { JetStreamManager } from '@nats-io/jetstream';
import { isForbidden } from '../../connection/serverErrors.ts';
import type { LogSink } from '../../connection/logSink.ts';
import { type AnnouncedWork, type HandledTypes, planConsumers } from './consumerPlan.ts';
import type { ConsumerPlan, WantedSettings } from './consumerPlan.ts';
import { ensureProcessConsumers } from './processConsumers.ts';
import {
  allInTurn,
  ensureWorkConsumers,
  findTypeConsumers,
  lanesOf,
  listConsumers,
  removeWorkConsumers,
} from './workConsumers.ts';

export interface ManagedConsumers {
  /** How long consumers wait for acknowledgements, of types for which no living worker announces another wait; default 10 s. */
  readonly ackWaitMs?: number;
  /** How often all consumers are checked; default a minute. */
  readonly checkMs?: number;
  /** How many job types may have consumers; default 400. */
  readonly mostTypes?: number;
  /** For how long it must have been known which workers live before anything is removed; default 12 s. */
  readonly allKnownMs?: number;
}

export interface ConsumerManagerOptions extends ManagedConsumers {
  readonly manager: JetStreamManager;
  readonly sink: LogSink;
  /** How many copies of the log there are. */
  readonly replicas: number;
}

type Handled = ReadonlyMap<string, AnnouncedWork | undefined>;

const ACK_WAIT_MS = 10_000;
const CHECK_MS = 60_000;
const RETRY_MS = 1_000;
/** Workers that start together are taken care of together. */
const GATHER_MS = 50;
const LISTED = 5;

/**
 * Creates the consumers of the job types that living workers handle, so that workers need not be allowed to, restores those that
 * somebody deleted or changed, and removes those that nobody needs. A type has them within a second of the first heartbeat of a
 * worker; all are checked at the start and every minute. Several processes may do so at once.
 *
 * Jobs of a type without a worker need no consumers: the log keeps them, and a consumer that is created later begins with the
 * first message of the log.
 */
export class ConsumerManager {
  readonly #options: ConsumerManagerOptions;
  readonly #stop = new AbortController();
  #source: HandledTypes | undefined;
  /** The handled types of the last plan that was carried out. */
  #planned: Handled = new Map();
  #abandoned = new Set<string>();
  #news = Promise.withResolvers<void>();
  #working: Promise<void> | undefined;
  #nextCheck = 0;
  #isFailing = false;
  #left = '';
  #mayRemove = true;

  constructor(options: ConsumerManagerOptions) {
    this.#options = options;
  }

  /** Begins to manage. Returns at once. */
  start(): void {
    this.#working ??= this.#work();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#news.resolve();
    await this.#working;
  }

  /** Takes note that living workers may handle other types than before. */
  onHandledTypes(source: HandledTypes): void {
    this.#source = source;
    this.#news.resolve();
  }

  /**
   * Creates the consumers that belong to no job type, as `start` does.
   *
   * @returns false on NATS permissions of an earlier release, which leave them to workers and projectors.
   */
  async createProcessConsumers(ackWaitMs = this.#ackWaitMs): Promise<boolean> {
    const { manager, replicas } = this.#options;
    try {
      await ensureProcessConsumers(manager, { replicas, ackWaitMs });
      return true;
    } catch (error) {
      if (isForbidden(error)) return false;
      throw error;
    }
  }

  get #ackWaitMs(): number {
    return this.#options.ackWaitMs ?? ACK_WAIT_MS;
  }

  async #work(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      this.#news = Promise.withResolvers();
      const succeeded = await this.#catchUp();
      const idleMs = succeeded ? Math.max(GATHER_MS, this.#nextCheck - performance.now()) : RETRY_MS;
      const news = succeeded ? [this.#news.promise] : [];
      await Promise.race([...news, this.#pause(idleMs)]);
      await this.#pause(GATHER_MS);
    }
  }

  #pause(ms: number): Promise<void> {
    return pause(ms, undefined, { signal: this.#stop.signal, ref: false }).catch(() => undefined);
  }

  /** Returns whether all that is known to be missing has been created. */
  async #catchUp(): Promise<boolean> {
    try {
      const handled = this.#source?.handledTypes() ?? new Map();
      if (performance.now() >= this.#nextCheck)
        await allInTurn([() => this.createProcessConsumers(), () => this.#check(handled)]);
      else if (!isSame(handled, this.#planned)) await this.#check(handled);
      this.#isFailing = false;
      return true;
    } catch (error) {
      if (!this.#isFailing && !this.#stop.signal.aborted)
        this.#options.sink.warn({ reason: String(error) }, 'consumers of job types cannot be created, trying again');
      this.#isFailing = true;
      return false;
    }
  }

  async #check(handled: Handled): Promise<void> {
    for (const jobType of this.#planned.keys()) this.#abandoned.add(jobType);
    for (const jobType of handled.keys()) this.#abandoned.delete(jobType);
    const plan = await this.#plan(handled);
    await allInTurn([
      ...plan.remove.map((jobType) => () => this.#remove(jobType)),
      ...[...plan.ensure].map(
        ([jobType, settings]) =>
          () =>
            this.#ensure(jobType, settings),
      ),
    ]);
    this.#sayLeft(plan.left);
    this.#planned = handled;
    if (!plan.isEarly) this.#abandoned.clear();
    const { checkMs = CHECK_MS } = this.#options;
    this.#nextCheck =
      performance.now() + (plan.isEarly && this.#source?.knownMs ? Math.min(RETRY_MS, checkMs) : checkMs);
  }

  /**
   * A list that is not answered may lack consumers that have lost their servers in a cluster, so all handled types get theirs anew,
   * which mends them.
   */
  async #plan(handled: Handled): Promise<ConsumerPlan> {
    const knownMs = this.#source?.knownMs ?? 0;
    const { allKnownMs, mostTypes } = this.#options;
    const common = { handled, knownMs, allKnownMs, mostTypes, ackWaitMs: this.#ackWaitMs, abandoned: this.#abandoned };
    try {
      const { types: found } = await listConsumers(this.#options.manager);
      return planConsumers({ ...common, found });
    } catch (error) {
      const { ensure } = planConsumers({ ...common, found: [] });
      await allInTurn(
        [...ensure].map(
          ([jobType, settings]) =>
            () =>
              this.#ensure(jobType, settings),
        ),
      );
      throw error;
    }
  }

  async #ensure(jobType: string, settings: WantedSettings): Promise<void> {
    await ensureWorkConsumers(this.#options.manager, { ...settings, jobType, newAckWaitMs: this.#ackWaitMs });
  }

  async #remove(jobType: string): Promise<void> {
    const { manager, sink } = this.#options;
    try {
      const found = this.#mayRemove ? await findTypeConsumers(manager, jobType) : undefined;
      // A lane may have begun since the plan was made.
      if (found !== undefined && lanesOf(found).length === 0) await removeWorkConsumers(manager, jobType);
    } catch (error) {
      if (!isForbidden(error)) throw error;
      this.#mayRemove = false;
      sink.warn({ jobType }, 'this user may not delete consumers: those of job types that have no worker stay');
    }
  }

  #sayLeft(left: readonly string[]): void {
    const types = left.slice(0, LISTED).join(', ');
    const isNew = types !== this.#left;
    this.#left = types;
    if (left.length === 0 || !isNew) return;
    const details = { types, further: Math.max(0, left.length - LISTED) };
    this.#options.sink.warn(details, 'too many job types have workers: the jobs of these wait until others have none');
  }
}

function isSame(one: Handled, other: Handled): boolean {
  return (
    one.size === other.size &&
    [...one].every(([jobType, work]) => other.has(jobType) && hasSame(work, other.get(jobType)))
  );
}

function hasSame(one: AnnouncedWork | undefined, other: AnnouncedWork | undefined): boolean {
  return one === other || settingsText(one) === settingsText(other);
}

function settingsText(work: AnnouncedWork | undefined): string {
  return JSON.stringify([work?.limits, work?.ackWaitMs]);
}
