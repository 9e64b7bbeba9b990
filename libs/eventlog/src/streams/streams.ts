import {
  DiscardPolicy,
  PersistMode,
  RetentionPolicy,
  StorageType,
  type JetStreamManager,
  type StreamConfig,
} from '@nats-io/jetstream';
import { isForbidden, isStreamNotFound } from '../connection/serverErrors.ts';
import { LogUnavailableError, StreamMismatchError } from '../errors.ts';
import { CLAIMS_FILTER } from './claimSubject.ts';

export const JOBS_STREAM = 'JOBS';
export const TIMERS_STREAM = 'TIMERS';
export const KEYS_STREAM = 'KEYS';
export const WORKERS_STREAM = 'WORKERS';
export const TYPES_STREAM = 'TYPES';
export const LOGS_STREAM = 'LOGS';

/** Age at which a heartbeat of a worker expires: three intervals between heartbeats. */
export const HEARTBEAT_AGE_MS = 12_000;
/** Largest messages of WORKERS and TYPES. */
export const MAX_HEARTBEAT_BYTES = 64 * 1_024;
export const MAX_ANNOUNCEMENT_BYTES = 128 * 1_024;

const MAX_WORKERS_BYTES = 32 * 1_024 * 1_024;
const MAX_TYPES_BYTES = 64 * 1_024 * 1_024;
/** How long the server keeps its marker of an expired message, for followers that have not received it yet. */
const MARKER_TTL_MS = 60_000;
const NANOS_PER_MS = 1_000_000;

type Settings = Partial<StreamConfig> & { readonly name: string };

/**
 * How messages leave the stream JOBS: the keeper purges them from the beginning (`purged`), the server expires them at
 * an age (`aged`), or not at all (`kept`). New streams are `purged`. Streams of releases up to 0.2 deny purging, and that
 * cannot be taken back.
 */
export type ExpiryRule =
  { readonly kind: 'purged' } | { readonly kind: 'aged'; readonly maxAgeMs: number } | { readonly kind: 'kept' };

/** Returns the settings of JOBS and TIMERS. JOBS is immutable: no message can be deleted or rolled up. */
export function streamSettings(replicas: number): [jobs: Settings, timers: Settings] {
  return [
    {
      name: JOBS_STREAM,
      subjects: ['jobs.>', 'schedules.>', CLAIMS_FILTER],
      storage: StorageType.File,
      retention: RetentionPolicy.Limits,
      discard: DiscardPolicy.New,
      num_replicas: replicas,
      max_age: 0,
      allow_direct: true,
      allow_atomic: true,
      deny_delete: true,
      deny_purge: false,
      allow_rollup_hdrs: false,
      allow_msg_schedules: false,
    },
    {
      name: TIMERS_STREAM,
      subjects: ['timers.>'],
      storage: StorageType.File,
      retention: RetentionPolicy.Workqueue,
      num_replicas: replicas,
      allow_direct: true,
      allow_msg_schedules: true,
    },
  ];
}

/**
 * Returns the settings of KEYS, the stream of the jobs' keys, needed only where contents are encrypted. Unlike JOBS it
 * allows deletion, which is how a key is destroyed. It has no maximum age, and no direct reads, since a replica that lags
 * would still return a deleted key.
 */
export function keysSettings(replicas: number): Settings {
  return {
    name: KEYS_STREAM,
    subjects: ['keys.>'],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.New,
    num_replicas: replicas,
    allow_direct: false,
    deny_delete: false,
    deny_purge: true,
    allow_rollup_hdrs: false,
    allow_msg_schedules: false,
  };
}

/**
 * Returns the settings of WORKERS and TYPES, which keep the newest message of each subject. When one expires, the server
 * stores a marker in its place, so that followers see it. Neither stream holds anything that is needed for a job to run.
 *
 * Heartbeats are not synced to disk. One server would forget a stream in memory when it restarts, and no user of the
 * running system may create it again; a cluster keeps such a stream, and does not offer the other mode.
 */
export function announcementSettings(replicas: number): Settings[] {
  const newestOfEach = {
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.Old,
    num_replicas: replicas,
    max_msgs_per_subject: 1,
    allow_direct: true,
    allow_msg_ttl: true,
    subject_delete_marker_ttl: MARKER_TTL_MS * NANOS_PER_MS,
  };
  const volatile =
    replicas > 1 ? { storage: StorageType.Memory } : { storage: StorageType.File, persist_mode: PersistMode.Async };
  return [
    {
      name: WORKERS_STREAM,
      subjects: ['workers.*'],
      ...newestOfEach,
      ...volatile,
      max_age: HEARTBEAT_AGE_MS * NANOS_PER_MS,
      max_msg_size: MAX_HEARTBEAT_BYTES,
      max_bytes: MAX_WORKERS_BYTES,
    },
    {
      name: TYPES_STREAM,
      subjects: ['types.*.*'],
      ...newestOfEach,
      storage: StorageType.File,
      max_msg_size: MAX_ANNOUNCEMENT_BYTES,
      max_bytes: MAX_TYPES_BYTES,
    },
  ];
}

/**
 * Creates the stream, or checks that the existing one has these settings.
 *
 * @throws StreamMismatchError when the existing stream differs.
 * @throws LogUnavailableError when the stream is missing and this user may not create it.
 */
export async function ensureStream(manager: JetStreamManager, wanted: Settings): Promise<void> {
  const found = await findStream(manager, wanted.name);
  if (found === undefined) return createStream(manager, wanted);
  const differences = differencesBetween(wanted, found);
  if (differences.length > 0) throw new StreamMismatchError(wanted.name, differences);
}

/**
 * As `ensureStream` for the stream JOBS, also one of an earlier release, whose `max_age` must be `maxAgeMs` or nothing.
 * Returns how messages leave it.
 */
export async function ensureJobsStream(
  manager: JetStreamManager,
  wanted: Settings,
  maxAgeMs: number,
): Promise<ExpiryRule> {
  const found = await findStream(manager, JOBS_STREAM);
  if (found === undefined) await createStream(manager, wanted);
  const isOlder = found?.deny_purge === true;
  const age = isOlder && found.max_age !== 0 ? maxAgeMs * NANOS_PER_MS : 0;
  const differences =
    found === undefined
      ? []
      : differencesBetween({ ...withoutClaims(wanted), max_age: age, deny_purge: isOlder }, withoutClaims(found));
  if (differences.length > 0) throw new StreamMismatchError(JOBS_STREAM, differences);
  if (age > 0) return { kind: 'aged', maxAgeMs };
  return { kind: isOlder ? 'kept' : 'purged' };
}

async function createStream(manager: JetStreamManager, wanted: Settings): Promise<void> {
  try {
    await manager.streams.add(wanted);
  } catch (error) {
    if (!isForbidden(error)) throw error;
    const detail = `stream ${wanted.name} is missing and this user may not create it: the command migrate does`;
    throw new LogUnavailableError(detail, { cause: error });
  }
}

/**
 * Returns how many copies of the log there are.
 *
 * @throws LogUnavailableError when the log or the timers are missing.
 */
export async function replicasOf(manager: JetStreamManager): Promise<number> {
  const [jobs, timers] = await Promise.all([findStream(manager, JOBS_STREAM), findStream(manager, TIMERS_STREAM)]);
  if (jobs !== undefined && timers !== undefined) return jobs.num_replicas;
  const missing = jobs === undefined ? JOBS_STREAM : TIMERS_STREAM;
  throw new LogUnavailableError(`stream ${missing} is missing on this NATS server: start the API of Jobstream first`);
}

async function findStream(manager: JetStreamManager, name: string): Promise<StreamConfig | undefined> {
  try {
    return (await manager.streams.info(name)).config;
  } catch (error) {
    if (isStreamNotFound(error)) return undefined;
    throw error;
  }
}

/** A stream of an earlier release gets the subjects of claims when the first key is claimed; see `allowClaims`. */
function withoutClaims<Some extends Settings>(settings: Some): Some {
  return { ...settings, subjects: settings.subjects?.filter((subject) => subject !== CLAIMS_FILTER) ?? [] };
}

/**
 * Lets the stream JOBS take claims of unique keys, which one of an earlier release does not. Processes of such a release refuse the
 * stream from then on when they start.
 *
 * @throws LogUnavailableError when this user may not change the stream.
 */
export async function allowClaims(manager: JetStreamManager): Promise<void> {
  const found = await findStream(manager, JOBS_STREAM);
  if (found === undefined || found.subjects.includes(CLAIMS_FILTER)) return;
  try {
    await manager.streams.update(JOBS_STREAM, { subjects: [...found.subjects, CLAIMS_FILTER] });
  } catch (error) {
    const detail = `stream ${JOBS_STREAM} takes no unique keys yet and this user may not change it: the command migrate does`;
    throw new LogUnavailableError(detail, { cause: error });
  }
}

function differencesBetween(wanted: Settings, found: StreamConfig): string[] {
  return Object.entries(wanted).flatMap(([key, value]) => {
    const actual = found[key as keyof StreamConfig] ?? false;
    const [ours, theirs] = [JSON.stringify(value), JSON.stringify(actual)];
    return ours === theirs ? [] : [`${key} should be ${ours} but is ${theirs}`];
  });
}

/**
 * Returns the subjects under a filter that have messages in the stream, in alphabetical order.
 *
 * @throws LogUnavailableError
 */
export async function subjectsUnder(manager: JetStreamManager, stream: string, filter: string): Promise<string[]> {
  try {
    const { state } = await manager.streams.info(stream, { subjects_filter: filter });
    return Object.keys(state.subjects ?? {}).toSorted();
  } catch (error) {
    throw new LogUnavailableError(`the subjects of ${stream} could not be read`, { cause: error });
  }
}
