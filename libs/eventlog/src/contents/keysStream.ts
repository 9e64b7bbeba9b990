import { DiscardPolicy, RetentionPolicy, StorageType, type StreamConfig } from '@nats-io/jetstream';

export const KEYS_STREAM = 'KEYS';

/**
 * The keys of jobs. Unlike JOBS it lets messages be deleted: that is what it is for. It has no age and no direct reads,
 * since a replica that lags would still hand out a key that is gone.
 */
export function keysSettings(replicas: number): Partial<StreamConfig> & { readonly name: string } {
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

/** Where the wrapped key of a job is. */
export function keySubject(jobId: string): string {
  return `keys.${jobId}.key`;
}

/** Where it is noted that the key of a job was destroyed. */
export function shreddedSubject(jobId: string): string {
  return `keys.${jobId}.shredded`;
}

export function keysFilter(jobId: string): string {
  return `keys.${jobId}.>`;
}
