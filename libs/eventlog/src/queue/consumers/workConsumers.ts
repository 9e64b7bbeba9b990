import type { ConsumerConfig, ConsumerInfo, JetStreamManager } from '@nats-io/jetstream';
import { lanes as ofPriorities } from '@jobstream/domain';
import { tokenFilter } from '../../streams/jobSubjects.ts';
import { JOBS_STREAM, TIMERS_STREAM } from '../../streams/streams.ts';
import {
  LIMITS_KEY,
  NANOS_PER_MS,
  possibleConsumers,
  type WorkConsumer,
  type WorkConsumerOptions,
  workConsumers,
  type WorkLimits,
  WORKER_PREFIX,
} from './consumerSettings.ts';
import { type QueueLane, queueLanes } from './queueLane.ts';
import { notedLanes } from './laneNote.ts';
import {
  createConsumer,
  findConsumer,
  NO_FILTER,
  pauseConsumer,
  removeConsumer,
  resumeConsumer,
} from './oneConsumer.ts';
import { findPauseOfAll, ownMetadata, pauseOf, withPauseNote } from './pauseNote.ts';
import { changeInTurn } from './typeChanges.ts';

/** A consumer as it should be, and as the server has it. */
interface FoundConsumer {
  readonly wanted: WorkConsumer;
  readonly info: ConsumerInfo;
}

/** The server's state of the consumers of a job type. */
export interface TypeConsumers {
  readonly jobType: string;
  /** That of new jobs, by which the type is listed. */
  readonly worker: ConsumerInfo;
  /** Those that exist, in the order of `workConsumers`. */
  readonly found: readonly FoundConsumer[];
}

/** Each may take as long as a request to a server that does not answer. */
const MAX_FAILURES = 12;

/**
 * Creates the durable consumers of a job type, or updates the settings of existing ones. A pause of the type is kept: the
 * server keeps it on an update, and a consumer that is new to a paused type is created paused. So is a type that is new while
 * all are paused. A type that is new gets the lanes of which there are jobs.
 */
export function ensureWorkConsumers(manager: JetStreamManager, options: WorkConsumerOptions): Promise<void> {
  return changeInTurn(manager, options.jobType, () => ensure(manager, options));
}

async function ensure(manager: JetStreamManager, options: WorkConsumerOptions): Promise<void> {
  const found = await findAnswering(manager, options.jobType);
  const existing = found.map(({ info }) => info);
  const isNew = existing.length === 0;
  const kept = isNew ? await findPauseOfAll(manager) : pauseOf(existing);
  const begun = isNew ? await lanesInUse(manager, options.jobType) : lanesOf({ found });
  const lanes = queueLanes.filter((lane) => options.lanes?.includes(lane) || begun.includes(lane));
  const pause = kept.until === undefined ? {} : { pause_until: kept.until };
  const ensureOne = (wanted: WorkConsumer) => async () => {
    const config = { ...withPauseNote(wanted.config, kept), ...pause };
    const created = await createConsumer(manager, { stream: wanted.stream, config });
    if (!created) await updateConsumer(manager, wanted, options);
  };
  const newAckWaitMs = ackWaitOf(existing) ?? options.newAckWaitMs;
  await allInTurn(
    workConsumers({ ...options, ...(newAckWaitMs === undefined ? {} : { newAckWaitMs }), lanes }).map(ensureOne),
  );
  if (lanes.length > begun.length) await pauseAsTheirType(manager, options.jobType);
}

/** The type may have been paused or resumed after its state was read, and before its lanes were there to take part in it. */
async function pauseAsTheirType(manager: JetStreamManager, jobType: string): Promise<void> {
  const one = await findTypeConsumers(manager, jobType);
  if (one === undefined) return;
  // While a type is resumed, its pause has an end that is a moment away.
  const until = endOfPause(one.worker);
  const differing = one.found.filter(({ wanted, info }) => wanted.lane !== undefined && endOfPause(info) !== until);
  for (const { wanted } of differing)
    await (until === undefined ? resumeConsumer(manager, wanted) : pauseConsumer(manager, wanted, new Date(until)));
}

/** In milliseconds since 1970; undefined while it is not paused. */
function endOfPause({ paused, config }: ConsumerInfo): number | undefined {
  return paused === true ? Date.parse(config.pause_until ?? '') : undefined;
}

/** What those that exist wait for an acknowledgement, which a new one of the type has to wait as well. */
function ackWaitOf([first]: readonly ConsumerInfo[]): number | undefined {
  return first?.config.ack_wait === undefined ? undefined : first.config.ack_wait / NANOS_PER_MS;
}

/** The metadata are read right before, since they are replaced: a pause may have been noted since the others were looked up. */
async function updateConsumer(
  manager: JetStreamManager,
  wanted: WorkConsumer,
  options: WorkConsumerOptions,
): Promise<void> {
  const { stream, config } = wanted;
  const existing = config.metadata && (await findConsumer(manager, stream, config.durable_name));
  const metadata = config.metadata && { ...ownMetadata(existing?.config.metadata ?? {}), ...config.metadata };
  const noted = { ...config, ...(metadata === undefined ? {} : { metadata }) };
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
export function areWorkConsumers(one: TypeConsumers): boolean {
  const lanes = lanesOf(one);
  if (notedLanes(one.worker.config).length < lanes.length) return false;
  return workConsumers({ jobType: one.jobType, lanes }).every(({ stream, config }) => {
    const actual = one.found.find(({ info }) => info.stream_name === stream && info.name === config.durable_name);
    return actual !== undefined && COMPARED.every((name) => isSame(config[name], actual.info.config[name]));
  });
}

/** Returns the lanes of the type: those that are noted, and those of which it has a consumer at least. */
export function lanesOf({ found }: Pick<TypeConsumers, 'found'>): readonly QueueLane[] {
  return queueLanes.filter((lane) =>
    found.some(
      ({ wanted, info }) =>
        wanted.lane === lane || (wanted.source === 'created' && notedLanes(info.config).includes(lane)),
    ),
  );
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
function findAnswering(manager: JetStreamManager, jobType: string): Promise<readonly FoundConsumer[]> {
  return findAll(jobType, async (consumers) => {
    const found = await Promise.allSettled(consumers.map((wanted) => find(manager, wanted)));
    return found.flatMap((answer) => (answer.status === 'fulfilled' && answer.value ? [answer.value] : []));
  });
}

/** Finds those of the type, and of the lanes that it notes; where it notes nothing, all that there may be. */
async function findAll(
  jobType: string,
  findThese: (consumers: readonly WorkConsumer[]) => Promise<readonly FoundConsumer[]>,
): Promise<readonly FoundConsumer[]> {
  const found = await findThese(workConsumers({ jobType }));
  const worker = found.find(({ wanted }) => wanted.source === 'created');
  if (found.length === 0) return found;
  const lanes = worker === undefined ? queueLanes : notedLanes(worker.info.config);
  const ofLanes = workConsumers({ jobType, lanes }).filter(({ lane }) => lane !== undefined);
  return [...found, ...(await findThese(ofLanes))];
}

async function find(manager: JetStreamManager, wanted: WorkConsumer): Promise<FoundConsumer | undefined> {
  const info = await findConsumer(manager, wanted.stream, wanted.config.durable_name);
  return info && { wanted, info };
}

/**
 * The lanes of which the streams have messages, for a type that has no consumers that would say so. Rejects where the server does not
 * answer: nobody would look again for a lane that was left out.
 */
async function lanesInUse(manager: JetStreamManager, jobType: string): Promise<readonly QueueLane[]> {
  const hasAny = async (stream: string, filter: string) =>
    (await manager.streams.getMessage(stream, { last_by_subj: filter })) !== null;
  // Timers that have not fired do not say by their subject which lane they are for.
  const hasChanged = await hasAny(JOBS_STREAM, tokenFilter('priority-changed', jobType));
  const known: readonly QueueLane[] = hasChanged ? ofPriorities : [];
  const inUse = possibleConsumers(jobType).map(async ({ stream, filter, lane }) =>
    lane !== undefined && !known.includes(lane) && (await hasAny(stream, filter)) ? [lane] : [],
  );
  return [...known, ...(await Promise.all(inUse)).flat()];
}

/** Deletes the consumers of a type; the one by which it is listed goes last. */
export async function removeWorkConsumers(manager: JetStreamManager, jobType: string): Promise<void> {
  const found = await findAnswering(manager, jobType);
  for (const { wanted } of found.toSorted((one, other) => rankOf(one) - rankOf(other)))
    await removeConsumer(manager, wanted);
}

function rankOf({ wanted }: FoundConsumer): number {
  return wanted.source === 'created' ? 1 : 0;
}

/** Returns undefined for a type without consumers. */
export async function findTypeConsumers(
  manager: JetStreamManager,
  jobType: string,
): Promise<TypeConsumers | undefined> {
  const found = await findAll(jobType, async (consumers) => {
    const ones = await Promise.all(consumers.map((wanted) => find(manager, wanted)));
    return ones.filter((one) => one !== undefined);
  });
  return typeConsumers(jobType, found);
}

function typeConsumers(jobType: string, found: TypeConsumers['found']): TypeConsumers | undefined {
  const worker = found.find(({ wanted }) => wanted.source === 'created')?.info;
  return worker && { jobType, worker, found };
}

/** Returns every type that has consumers, and all consumers of the stream TIMERS, that of triggers included. */
export async function listConsumers(
  manager: JetStreamManager,
): Promise<{ readonly types: readonly TypeConsumers[]; readonly timers: readonly ConsumerInfo[] }> {
  const [jobs, timers] = await Promise.all([byName(manager, JOBS_STREAM), byName(manager, TIMERS_STREAM)]);
  const workers = [...jobs.keys()].filter((name) => name.startsWith(WORKER_PREFIX));
  const types = workers.flatMap((name) => {
    const jobType = name.slice(WORKER_PREFIX.length);
    const found = possibleConsumers(jobType).flatMap((wanted) => {
      const info = (wanted.stream === TIMERS_STREAM ? timers : jobs).get(wanted.config.durable_name);
      return info === undefined ? [] : [{ wanted, info }];
    });
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
  return found.map(({ info }) => info);
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
