import { setTimeout as pause } from 'node:timers/promises';
import { protocolOf } from '@jobstream/domain';
import type { EventLog, ExpiryRule, LogState } from '@jobstream/eventlog';
import { PeriodicLoop } from '@jobstream/runtime';
import type { Logger, NextTurn } from '@jobstream/runtime';
import { carryJob } from './carryJob.ts';
import { PrefixReader } from './prefixReader.ts';
import type { ChunkLimits, PrefixChunk } from './prefixReader.ts';
import { renewClaim } from './renewClaim.ts';
import { renewSchedule } from './renewSchedule.ts';

export interface KeeperOptions {
  readonly eventLog: Pick<EventLog, 'append' | 'scheduleWake' | 'prefix' | 'schedules' | 'unique'>;
  /** Age from which on messages may leave the log, in milliseconds; 0 for never. */
  readonly maxAgeMs: number;
  /** Returns the last sequence that the log may lose because the archive, or without one the table, has it. */
  readonly keptElsewhere: () => Promise<number>;
  /** Whether all live processes understand this version of the worker protocol, with which a job is carried. */
  readonly mayCarry: (protocol: number) => Promise<boolean>;
  readonly logger: Logger;
  readonly observer?: KeeperObserver;
  /** Pause between two looks at the log when nothing is left to do; default 10 s. */
  readonly intervalMs?: number;
  /** Messages that are purged at once; default 50,000. */
  readonly chunkSize?: number;
  /** Jobs that are carried in a second, at most; default 200. */
  readonly carriesPerSecond?: number;
}

/** Observes the keeper, for metrics. Its methods must be cheap and must not throw. */
export interface KeeperObserver {
  carried(): void;
  purged(messages: number): void;
  /** The log could not be shortened and it will be tried again. */
  failed(): void;
}

const INTERVAL_MS = 10_000;
const CHUNK_SIZE = 50_000;
const CARRIES_PER_SECOND = 200;
const AT_ONCE = 20;

/**
 * Shortens the log: purges messages that have reached the maximum age, once nobody needs them. Before that it carries the
 * unfinished jobs that have events among them, and defines schedules again. Any number of keepers may run. `stop` waits for
 * the jobs that are being carried.
 *
 * Where the server expires messages by itself, the keeper carries jobs when half of the age is over.
 */
export class Keeper extends PeriodicLoop {
  readonly name = 'keeper';
  readonly #options: KeeperOptions;
  /** The last message that this keeper has dealt with. */
  #done = 0;
  #reader: PrefixReader | undefined;

  constructor(options: KeeperOptions) {
    super({
      logger: options.logger,
      intervalMs: options.intervalMs ?? INTERVAL_MS,
      failure: 'the log could not be shortened',
    });
    this.#options = options;
  }

  protected async turn(stop: AbortSignal): Promise<NextTurn> {
    const { eventLog, maxAgeMs } = this.#options;
    const { rule } = eventLog.prefix;
    if (maxAgeMs === 0) return 'end';
    if (rule.kind === 'kept') return this.#giveUp();
    const state = await eventLog.prefix.state();
    const limits = await this.#limits(state, rule);
    this.#reader ??= new PrefixReader(eventLog.prefix);
    const chunk = await this.#reader.next(limits, stop);
    if (chunk.unreadable !== undefined) this.#warnOfUnreadable(chunk.unreadable);
    if (chunk.last < limits.first || !(await this.#mayCarry(chunk))) return this.intervalMs;
    this.#done = await this.#carryAll(chunk, state.now, stop);
    if (rule.kind === 'purged') await this.#purge(state.first, this.#done);
    return this.#done < limits.first + limits.size - 1 ? this.intervalMs : 0;
  }

  /** What the server expires by itself does not wait for an archive. */
  async #limits({ first, last, now }: LogState, rule: ExpiryRule): Promise<ChunkLimits> {
    const { maxAgeMs, keptElsewhere, chunkSize = CHUNK_SIZE } = this.#options;
    return {
      first: Math.max(first, this.#done + 1),
      through: rule.kind === 'aged' ? last : Math.min(last, await keptElsewhere()),
      end: last,
      before: Date.parse(now) - (rule.kind === 'aged' ? rule.maxAgeMs / 2 : maxAgeMs),
      size: chunkSize,
    };
  }

  protected override onError(error: unknown, stop: AbortSignal): NextTurn {
    if (stop.aborted) return 'end';
    this.#options.observer?.failed();
    return this.tryAgain(error);
  }

  /** `deny_purge` cannot be taken back. */
  #giveUp(): NextTurn {
    const remedy = 'docs/upgrading.md says how to move it';
    this.#options.logger.warn(`the log was made by an earlier release and cannot be purged: it grows; ${remedy}`);
    return 'end';
  }

  async #mayCarry({ jobs }: PrefixChunk): Promise<boolean> {
    const { mayCarry, logger } = this.#options;
    if (jobs.length === 0 || (await mayCarry(protocolOf('JobCarried')))) return true;
    const reason = 'a live process is of an earlier release, or it is not known which processes live';
    logger.warn({ reason }, 'the log is not shortened: unfinished jobs cannot be carried yet');
    return false;
  }

  /** Returns the last message that nobody needs any more. */
  async #carryAll({ jobs, keys, definitions, last }: PrefixChunk, now: string, stop: AbortSignal): Promise<number> {
    const { eventLog, mayCarry } = this.#options;
    let free = last;
    const context = { eventLog, through: last, now, mayCarry };
    for (const [name, version] of definitions) await renewSchedule(name, version, context);
    for (let start = 0; start < keys.length; start += AT_ONCE) {
      stop.throwIfAborted();
      await allOf(keys.slice(start, start + AT_ONCE).map((key) => renewClaim(key, context)));
    }
    for (let start = 0; start < jobs.length; start += AT_ONCE) {
      stop.throwIfAborted();
      const begun = performance.now();
      const outcomes = await allOf(jobs.slice(start, start + AT_ONCE).map((job) => carryJob(job, context)));
      for (const outcome of outcomes) if (outcome.kind === 'held') free = Math.min(free, outcome.first - 1);
      await this.#afterCarrying(outcomes.filter(({ kind }) => kind === 'carried').length, begun, stop);
    }
    if (free < last) this.#warnOfUnreadable(free + 1);
    return free;
  }

  async #afterCarrying(carried: number, begun: number, stop: AbortSignal): Promise<void> {
    const { observer, carriesPerSecond = CARRIES_PER_SECOND } = this.#options;
    for (let count = 0; count < carried; count++) observer?.carried();
    const due = begun + (carried * 1_000) / carriesPerSecond;
    await pause(Math.max(0, due - performance.now()), undefined, { signal: stop });
  }

  async #purge(first: number, through: number): Promise<void> {
    if (through < first) return;
    const { eventLog, logger, observer } = this.#options;
    await eventLog.prefix.purgeBefore(through + 1);
    const messages = through - first + 1;
    observer?.purged(messages);
    logger.info({ messages, purgedUpTo: through }, 'log shortened');
  }

  #warnOfUnreadable(sequence: number): void {
    this.#options.logger.warn(
      { sequence },
      'an event of a newer release, or steps, waits and signals that a process of an earlier release would lose, keep the log from being shortened',
    );
  }
}

/** As Promise.all, but waits for all of them in any case. */
async function allOf<Result>(work: readonly Promise<Result>[]): Promise<readonly Result[]> {
  await Promise.allSettled(work);
  return Promise.all(work);
}
