import {
  DiscardPolicy,
  PersistMode,
  RetentionPolicy,
  StorageType,
  type JetStreamManager,
  type StreamConfig,
} from '@nats-io/jetstream';
import { isStreamNotFound } from '../connection/serverErrors.ts';
import { LOGS_STREAM } from './streams.ts';

/** How long the log lines of attempts are kept, and how much of them; the oldest go first. */
export interface LogsRetention {
  readonly maxAgeMs: number;
  readonly maxBytes: number;
}

const NANOS_PER_MS = 1_000_000;

/** The jobs of a subject of LOGS have the last two digits of their ids in common: few subjects, since each takes memory. */
const BUCKET_DIGITS = 2;

/** Returns the subject of a job's log lines in the stream LOGS: `logs.<last two digits of the id>`. */
export function logsSubject(jobId: string): string {
  return `logs.${jobId.slice(-BUCKET_DIGITS)}`;
}

/**
 * Returns the settings of LOGS. Its messages are not synced to disk, and not copied to other servers: nothing needs them for a
 * job to run, and the disk's syncs are those of the jobs.
 */
function logsSettings({ maxAgeMs, maxBytes }: LogsRetention) {
  return {
    name: LOGS_STREAM,
    subjects: ['logs.*'],
    storage: StorageType.File,
    persist_mode: PersistMode.Async,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.Old,
    num_replicas: 1,
    max_age: maxAgeMs * NANOS_PER_MS,
    max_bytes: maxBytes,
    allow_direct: true,
    deny_purge: true,
  } satisfies Partial<StreamConfig>;
}

/** Creates the stream LOGS, or changes how much the existing one keeps. Rejects where this user may do neither. */
export async function ensureLogsStream(manager: JetStreamManager, retention: LogsRetention): Promise<void> {
  const wanted = logsSettings(retention);
  try {
    const { config } = await manager.streams.info(LOGS_STREAM);
    if (config.max_age === wanted.max_age && config.max_bytes === wanted.max_bytes) return;
    const { max_age, max_bytes } = wanted;
    await manager.streams.update(LOGS_STREAM, { max_age, max_bytes });
  } catch (error) {
    if (!isStreamNotFound(error)) throw error;
    await manager.streams.add(wanted);
  }
}
