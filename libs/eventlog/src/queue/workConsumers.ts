import {
  AckPolicy,
  DeliverPolicy,
  type ConsumerConfig,
  type ConsumerInfo,
  type JetStreamManager,
} from '@nats-io/jetstream';
import type { WorkEventName } from '@jobstream/domain';
import { isConsumerExists, isConsumerNotFound } from '../connection/serverErrors.ts';
import { JOBS_STREAM, TIMERS_STREAM } from '../streams/streams.ts';
import { dueSubject, eventFilter } from '../streams/jobSubjects.ts';
import { findPauseOfAll, pauseOf, withPauseNote } from './pauseNote.ts';
import type { StartRate } from './admission/rateLimiter.ts';

export interface WorkConsumerOptions {
  readonly jobType: string;
  /** Default: what an existing consumer has, `newAckWaitMs` for a new one. */
  readonly ackWaitMs?: number | undefined;
  /** Default 10 s. */
  readonly newAckWaitMs?: number;
  /** The limits of one worker process, stored in the consumer's metadata for people to see. */
  readonly limits?: WorkLimits | undefined;
}

export interface WorkLimits {
  readonly concurrency: number;
  readonly rate?: StartRate | undefined;
}

/** A consumer and the stream that it reads. */
interface DurableConsumer {
  readonly stream: string;
  readonly config: Partial<ConsumerConfig> & { readonly durable_name: string };
}

/** A consumer of a job type. */
export interface WorkConsumer extends DurableConsumer {
  /** The subjects that it selects. */
  readonly filter: string;
}

/** The server's state of the consumers of a job type. */
export interface TypeConsumers {
  readonly jobType: string;
  /** That of new jobs. */
  readonly worker: ConsumerInfo;
  /** All of them, in the order of `workConsumers`; those that an earlier release did not create are undefined. */
  readonly found: readonly (ConsumerInfo | undefined)[];
}

/** Deliveries that all workers of a type may hold together; the server scans them all on each redelivery tick. */
const MAX_ACK_PENDING = 10_000;
/** Includes the timers that fired early, until their time comes. */
const MAX_ACK_PENDING_DUE = 50_000;
const ACK_WAIT_MS = 10_000;
const NANOS_PER_MS = 1_000_000;
/** How an update removes the filters of a consumer; the library's types do not know it. */
const NO_FILTER = { filter_subject: undefined, filter_subjects: undefined };
const LIMITS_KEY = 'jobstream-limits';
/** Each may take as long as a request to a server that does not answer. */
const MAX_FAILURES = 12;

/** How the names of the consumers of each event begin, in the order in which they are created; see `workConsumers`. */
const PREFIXES: { readonly [Name in WorkEventName]: string } = { JobRequeued: 'requeued-', JobCreated: 'worker-' };

/** Returns the name of the consumer of an event that calls for work. */
export function eventConsumer(event: WorkEventName, jobType: string): string {
  return `${PREFIXES[event]}${jobType}`;
}

export function dueConsumer(jobType: string): string {
  return `due-${jobType}`;
}

/**
 * Returns the durable consumers of a job type, each with one filter: with two filters on JOBS, the server (2.15) scans all
 * subjects of the type whenever the log begins a new block, and stores nothing meanwhile: a second with 300,000 jobs.
 */
export function workConsumers({ jobType, limits, ...wait }: WorkConsumerOptions): WorkConsumer[] {
  const { ackWaitMs = wait.newAckWaitMs ?? ACK_WAIT_MS } = wait;
  const common: Partial<ConsumerConfig> = {
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    ack_wait: ackWaitMs * NANOS_PER_MS,
    max_ack_pending: MAX_ACK_PENDING,
    max_deliver: -1,
    ...(limits === undefined ? {} : { metadata: { [LIMITS_KEY]: JSON.stringify(limits) } }),
  };
  const ofEvent = (event: WorkEventName): WorkConsumer => {
    const filter = eventFilter(event, jobType);
    // As a list, to which the consumer with two filters of an earlier release can be updated.
    const config = { ...common, durable_name: eventConsumer(event, jobType), filter_subjects: [filter] };
    return { stream: JOBS_STREAM, filter, config };
  };
  const filter = dueSubject(jobType);
  const due = { filter_subject: filter, max_ack_pending: MAX_ACK_PENDING_DUE };
  return [
    ...(Object.keys(PREFIXES) as WorkEventName[]).map(ofEvent),
    { stream: TIMERS_STREAM, filter, config: { ...common, durable_name: dueConsumer(jobType), ...due } },
  ];
}

/**
 * Creates the durable consumers of a job type, or updates the settings of existing ones. A pause of the type is kept: the
 * server keeps it on an update, and a consumer that is new to a paused type is created paused. So is a type that is new while
 * all are paused.
 */
export async function ensureWorkConsumers(manager: JetStreamManager, options: WorkConsumerOptions): Promise<void> {
  const existing = await findAnswering(manager, options.jobType);
  const kept = existing.length === 0 ? await findPauseOfAll(manager) : pauseOf(existing);
  const pause = kept.until === undefined ? {} : { pause_until: kept.until };
  const ensure = (wanted: WorkConsumer) => async () => {
    const { stream, config } = { ...wanted, config: withPauseNote(wanted.config, kept) };
    const created = await createConsumer(manager, { stream, config: { ...config, ...pause } });
    if (!created) await updateConsumer(manager, wanted, options);
  };
  await allInTurn(workConsumers(options).map(ensure));
}

/** The note of a pause is read right before: it may have been written since the others were looked up. */
async function updateConsumer(
  manager: JetStreamManager,
  wanted: WorkConsumer,
  options: WorkConsumerOptions,
): Promise<void> {
  const { stream, config } = wanted;
  const existing = await findConsumer(manager, stream, config.durable_name);
  const noted = withPauseNote(config, pauseOf(existing === undefined ? [] : [existing]));
  await manager.consumers.update(stream, config.durable_name, changesOf(noted, options));
}

/**
 * Takes steps one after the other, also when some fail, and rejects with the first failure. In a cluster a consumer can lose
 * its servers and answer nothing, and the next step would mend it or another. Gives up after a number of failures.
 */
export async function allInTurn(steps: readonly (() => Promise<unknown>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const step of steps) {
    await step().catch((error: unknown) => failures.push(error));
    if (failures.length === MAX_FAILURES) break;
  }
  if (failures.length > 0) throw failures[0];
}

/** Returns the settings that an existing consumer must have; the library would keep a filter of the other kind beside ours. */
function changesOf(config: WorkConsumer['config'], { ackWaitMs }: WorkConsumerOptions): Partial<ConsumerConfig> {
  const { ack_wait: _initial, ...others } = config;
  return { ...NO_FILTER, ...(ackWaitMs === undefined ? others : config) } as Partial<ConsumerConfig>;
}

/**
 * Returns whether the type has all its consumers, and they select what they should. How long they wait for
 * acknowledgements, and their pauses, are not compared.
 */
export function areWorkConsumers({ jobType, found }: TypeConsumers): boolean {
  return workConsumers({ jobType }).every(({ config }, index) => {
    const actual = found[index]?.config;
    return actual !== undefined && COMPARED.every((name) => isSame(config[name], actual[name]));
  });
}

/** Returns whether all consumers of the type have these settings, as far as they are given. */
export function hasSettings(
  one: TypeConsumers,
  { limits, ackWaitMs }: Pick<WorkConsumerOptions, 'limits' | 'ackWaitMs'>,
): boolean {
  return consumersOf(one).every(
    ({ config }) =>
      (ackWaitMs === undefined || config.ack_wait === ackWaitMs * NANOS_PER_MS) &&
      (limits === undefined || config.metadata?.[LIMITS_KEY] === JSON.stringify(limits)),
  );
}

const COMPARED = ['filter_subject', 'filter_subjects', 'ack_policy', 'deliver_policy', 'max_ack_pending'] as const;

function isSame(wanted: unknown, actual: unknown): boolean {
  return JSON.stringify(wanted) === JSON.stringify(actual);
}

/** The consumers of a type that answer: one that has lost its servers does not. */
async function findAnswering(manager: JetStreamManager, jobType: string): Promise<readonly ConsumerInfo[]> {
  const find = ({ stream, config }: WorkConsumer) => findConsumer(manager, stream, config.durable_name);
  const found = await Promise.allSettled(workConsumers({ jobType }).map(find));
  return found.flatMap((answer) => (answer.status === 'fulfilled' && answer.value ? [answer.value] : []));
}

/** Deletes the consumers of a type; the one by which it is listed goes last. */
export async function removeWorkConsumers(manager: JetStreamManager, jobType: string): Promise<void> {
  const [requeued, worker, due] = workConsumers({ jobType });
  for (const one of [due, requeued, worker]) if (one !== undefined) await removeConsumer(manager, one);
}

async function removeConsumer(manager: JetStreamManager, { stream, config }: WorkConsumer): Promise<void> {
  try {
    await manager.consumers.delete(stream, config.durable_name);
  } catch (error) {
    if (!isConsumerNotFound(error)) throw error;
  }
}

/** Creates a consumer, or updates the settings of an existing one. */
export async function ensureConsumer(manager: JetStreamManager, { stream, config }: DurableConsumer): Promise<void> {
  const created = await createConsumer(manager, { stream, config });
  if (!created)
    await manager.consumers.update(stream, config.durable_name, { ...NO_FILTER, ...config } as Partial<ConsumerConfig>);
}

/** Creates a consumer; returns false if one of this name exists with other settings. */
export async function createConsumer(manager: JetStreamManager, { stream, config }: DurableConsumer): Promise<boolean> {
  try {
    await manager.consumers.add(stream, config);
    return true;
  } catch (error) {
    if (isConsumerExists(error)) return false;
    throw error;
  }
}

/** Returns undefined if there is none. */
export async function findConsumer(
  manager: JetStreamManager,
  stream: string,
  consumer: string,
): Promise<ConsumerInfo | undefined> {
  try {
    return await manager.consumers.info(stream, consumer);
  } catch (error) {
    if (isConsumerNotFound(error)) return undefined;
    throw error;
  }
}

/** Returns undefined for a type without consumers. */
export async function findTypeConsumers(
  manager: JetStreamManager,
  jobType: string,
): Promise<TypeConsumers | undefined> {
  const find = ({ stream, config }: WorkConsumer) => findConsumer(manager, stream, config.durable_name);
  return typeConsumers(jobType, await Promise.all(workConsumers({ jobType }).map(find)));
}

function typeConsumers(jobType: string, found: TypeConsumers['found']): TypeConsumers | undefined {
  const worker = found.find((info) => info?.name === eventConsumer('JobCreated', jobType));
  return worker && { jobType, worker, found };
}

/** Returns every type that has consumers, and all consumers of the stream TIMERS, that of triggers included. */
export async function listConsumers(
  manager: JetStreamManager,
): Promise<{ readonly types: readonly TypeConsumers[]; readonly timers: readonly ConsumerInfo[] }> {
  const [jobs, timers] = await Promise.all([byName(manager, JOBS_STREAM), byName(manager, TIMERS_STREAM)]);
  const workers = [...jobs.keys()].filter((name) => name.startsWith(PREFIXES.JobCreated));
  const types = workers.flatMap((name) => {
    const jobType = name.slice(PREFIXES.JobCreated.length);
    const found = workConsumers({ jobType }).map(({ stream, config }) =>
      (stream === TIMERS_STREAM ? timers : jobs).get(config.durable_name),
    );
    return typeConsumers(jobType, found) ?? [];
  });
  return { types, timers: [...timers.values()] };
}

async function byName(manager: JetStreamManager, stream: string): Promise<ReadonlyMap<string, ConsumerInfo>> {
  const infos = new Map<string, ConsumerInfo>();
  for await (const info of manager.consumers.list(stream)) infos.set(info.name, info);
  return infos;
}

/** Returns the consumers that exist. */
export function consumersOf({ found }: TypeConsumers): readonly ConsumerInfo[] {
  return found.filter((info) => info !== undefined);
}

/** Counts the jobs not yet delivered to a worker, and those that workers hold. */
export function loadOf(consumers: TypeConsumers): { readonly backlog: number; readonly inFlight: number } {
  const infos = consumersOf(consumers);
  return {
    backlog: infos.reduce((total, info) => total + info.num_pending, 0),
    inFlight: infos.reduce((total, info) => total + info.num_ack_pending, 0),
  };
}

/** Returns the limits that the worker that started last has stored. */
export function limitsOf({ metadata }: ConsumerConfig): WorkLimits | undefined {
  const stored = metadata?.[LIMITS_KEY];
  return stored === undefined ? undefined : (JSON.parse(stored) as WorkLimits);
}
