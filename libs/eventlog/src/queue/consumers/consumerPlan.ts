import { isJobType } from '@jobstream/domain';
import type { ConsumerInfo } from '@nats-io/jetstream';
import type { QueueLane } from './queueLane.ts';
import type { WorkLimits } from './consumerSettings.ts';
import { areWorkConsumers, consumersOf, hasSettings, lanesOf, type TypeConsumers } from './workConsumers.ts';

/** What a worker announces about how it takes the jobs of a type. */
export interface AnnouncedWork {
  readonly limits: WorkLimits;
  readonly ackWaitMs?: number | undefined;
}

/** The job types that living workers handle, as far as this process knows. */
export interface HandledTypes {
  /** For how many milliseconds everything that workers announce has been known without a break; 0 while it is not. */
  readonly knownMs: number;
  /** Returns them, each with what the worker of the type announces that started last; undefined while it has announced nothing. */
  handledTypes(): ReadonlyMap<string, AnnouncedWork | undefined>;
}

/** What is to be done so that the consumers of job types are as they should be. */
export interface ConsumerPlan {
  /** Types whose consumers are missing or are others than they should be, with the settings that they are to have. */
  readonly ensure: ReadonlyMap<string, WantedSettings>;
  /** Types whose consumers nobody needs. */
  readonly remove: readonly string[];
  /** Types that have a worker, and for which there is no room. */
  readonly left: readonly string[];
  /** Whether there may be more to do once it has been known for longer which workers live. */
  readonly isEarly: boolean;
}

export interface WantedSettings {
  readonly limits?: WorkLimits | undefined;
  /** Default: what the consumers have. */
  readonly ackWaitMs?: number | undefined;
  /** Those that it has. */
  readonly lanes?: readonly QueueLane[] | undefined;
}

export interface PlanOptions {
  readonly found: readonly TypeConsumers[];
  readonly handled: ReadonlyMap<string, AnnouncedWork | undefined>;
  readonly knownMs: number;
  /** Default 400. */
  readonly mostTypes?: number | undefined;
  /** How large that must be before anything is removed; default 12 s. */
  readonly allKnownMs?: number | undefined;
  /** For types of which no living worker announces another wait. */
  readonly ackWaitMs: number;
  /** Types that had a worker when this process planned before, and have none now. */
  readonly abandoned: ReadonlySet<string>;
}

/**
 * Types that have consumers, at most: two each in the stream JOBS, in which the server allows 1,000. Up to 180 others are those of
 * lanes, the rest are for feeds, the table and verifications.
 */
export const MOST_TYPES = 400;
/**
 * Every living worker has sent a heartbeat in this time, also one that was cut off from the server; and several, before anything
 * is removed.
 */
const ALL_BEAT_MS = 5_000;
const ALL_KNOWN_MS = 12_000;
/** Where room is needed, types without a worker that were idle for this long lose their place in the log. */
const IDLE_MS = 86_400_000;
/** Bounds for what a worker may announce. */
const MIN_ACK_WAIT_MS = 500;
const MAX_ACK_WAIT_MS = 60_000;

/**
 * Compares the consumers that exist with the types that living workers handle.
 *
 * Consumers that have delivered something are kept as long as there is room: without them, a worker that comes back would be
 * given all jobs of its type once more. Those that never have are removed when no worker needs them.
 */
export function planConsumers(options: PlanOptions): ConsumerPlan {
  const { found, handled, mostTypes = MOST_TYPES } = options;
  const others = found.filter(({ jobType }) => !handled.has(jobType));
  const unused = areAllKnown(options) ? others.filter((one) => isUnused(one)) : [];
  const spare = unused.filter((one) => hasDeliveredNothing(one));
  const missing = missingTypes(found, handled);
  const room = (removed: number) => Math.max(0, mostTypes - found.length + removed);
  const idle = longestIdle(unused, missing.length - room(spare.length));
  const remove = new Set([...spare, ...idle].map(({ jobType }) => jobType));
  const changed = found.filter(({ jobType }) => !remove.has(jobType)).flatMap((one) => changeOf(one, options));
  const created = missing.slice(0, room(remove.size));
  return {
    ensure: new Map([...changed, ...created.map((jobType) => [jobType, settingsOf(jobType, options)] as const)]),
    remove: [...remove],
    left: missing.slice(created.length),
    isEarly: others.length > 0 && !areAllKnown(options),
  };
}

function areAllKnown({ knownMs, allKnownMs = ALL_KNOWN_MS }: PlanOptions): boolean {
  return knownMs >= allKnownMs;
}

function haveAllBeaten({ knownMs, allKnownMs = ALL_KNOWN_MS }: PlanOptions): boolean {
  return knownMs >= Math.min(ALL_BEAT_MS, allKnownMs);
}

/** In an order that all processes agree on, so that together they create no more than one alone. */
function missingTypes(found: readonly TypeConsumers[], handled: PlanOptions['handled']): readonly string[] {
  const existing = new Set(found.map(({ jobType }) => jobType));
  return [...handled.keys()].filter((jobType) => !existing.has(jobType)).toSorted();
}

function changeOf(one: TypeConsumers, options: PlanOptions): readonly (readonly [string, WantedSettings])[] {
  const { jobType } = one;
  const isHandled = options.handled.has(jobType);
  const wanted = isHandled ? settingsOf(jobType, options) : settingsWithoutWorker(one, options);
  const isRight = areWorkConsumers(one) && hasSettings(one, wanted);
  return isRight || !isJobType(jobType) ? [] : [[jobType, { ...wanted, lanes: lanesOf(one) }]];
}

/** The settings of a type that living workers handle. Until it is certain that they announce no wait, the present one stays. */
function settingsOf(jobType: string, options: PlanOptions): WantedSettings {
  const { handled, ackWaitMs } = options;
  const work = handled.get(jobType);
  if (work === undefined && !haveAllBeaten(options)) return {};
  return { limits: work?.limits, ackWaitMs: bounded(work?.ackWaitMs) ?? ackWaitMs };
}

/**
 * What a worker has announced that lives no more does not count. A worker of release 0.1 announces nothing and has set its own
 * wait: it is known by its requests.
 */
function settingsWithoutWorker(one: TypeConsumers, options: PlanOptions): WantedSettings {
  const { ackWaitMs, abandoned } = options;
  return haveAllBeaten(options) && (abandoned.has(one.jobType) || isWithoutRequests(one)) ? { ackWaitMs } : {};
}

/** As many types as are needed, those first that have been idle for longest. */
function longestIdle(unused: readonly TypeConsumers[], needed: number): readonly TypeConsumers[] {
  const idle = unused.filter((one) => !hasDeliveredNothing(one) && idleMs(one) > IDLE_MS);
  return idle.toSorted((one, other) => idleMs(other) - idleMs(one)).slice(0, Math.max(0, needed));
}

/** A pause is kept in the consumers, jobs that a worker holds need them, and lanes say by theirs that they have begun. */
function isUnused(one: TypeConsumers): boolean {
  return (
    lanesOf(one).length === 0 &&
    isWithoutRequests(one) &&
    consumersOf(one).every((info) => info.paused !== true && info.num_ack_pending === 0)
  );
}

function isWithoutRequests(one: TypeConsumers): boolean {
  return consumersOf(one).every(({ num_waiting: requests }) => requests === 0);
}

function hasDeliveredNothing(one: TypeConsumers): boolean {
  return consumersOf(one).every(({ delivered }) => delivered.consumer_seq === 0);
}

/** By the clock of the server. */
function idleMs(one: TypeConsumers): number {
  return Math.min(...consumersOf(one).map((info) => Date.parse(info.ts ?? info.created) - lastActiveAt(info)));
}

function lastActiveAt({ delivered, created }: ConsumerInfo): number {
  const { last_active: at } = delivered as unknown as { readonly last_active?: string };
  return Date.parse(at ?? created);
}

function bounded(ackWaitMs: number | undefined): number | undefined {
  return ackWaitMs && Math.min(Math.max(ackWaitMs, MIN_ACK_WAIT_MS), MAX_ACK_WAIT_MS);
}
