import type { Actor, JobStatus } from '@jobstream/domain';
import { originalJson, originalText } from '../postgres/storableValues.ts';
import type { JobFilter } from '../jobs/jobFilter.ts';

export const operationKinds = ['cancel', 'retry', 'replay'] as const;
export type OperationKind = (typeof operationKinds)[number];

export const operationStatuses = ['running', 'paused', 'completed', 'cancelled'] as const;
export type OperationStatus = (typeof operationStatuses)[number];

export const jobOutcomes = ['done', 'skipped', 'failed'] as const;
export type JobOutcome = (typeof jobOutcomes)[number];

/** An operation on the jobs that a filter matched when it was accepted. Times are RFC 3339. */
export interface JobOperation {
  readonly id: string;
  readonly kind: OperationKind;
  readonly status: OperationStatus;
  readonly tenant: string | null;
  readonly actor: Actor;
  /** Identifies the body of a request with an idempotency key; sealed if there is a key, and null when that is destroyed. */
  readonly fingerprint: string | null;
  /** Names the key that seals the patch and the fingerprint; null without one, and when it is destroyed. */
  readonly keyId: string | null;
  readonly reason: string | null;
  /** What was asked for, as it is shown. */
  readonly filter: unknown;
  /** JSON pointers to what its patch changes in payloads, if it has one. */
  readonly patched?: readonly string[];
  /** Jobs a second; null for as fast as the log accepts them. */
  readonly rate: number | null;
  readonly total: number;
  readonly done: number;
  readonly skipped: number;
  readonly failed: number;
  /** Why it does not go on although it is running. */
  readonly hindrance: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly finishedAt: string | null;
}

/** What is known of an operation before it is accepted. */
export type NewOperation = Pick<
  JobOperation,
  'id' | 'kind' | 'tenant' | 'actor' | 'reason' | 'filter' | 'patched' | 'rate'
> & {
  /** Running, or paused until it is resumed. */
  readonly status: Extract<OperationStatus, 'running' | 'paused'>;
};

/** What is kept of an operation until it ends, as it is stored: values that it puts into payloads. */
export interface OperationContents extends Pick<JobOperation, 'fingerprint' | 'keyId'> {
  /** A JSON merge patch for the payloads; with a key, the sealed text of it. */
  readonly patch?: unknown;
  /** In place of a patch, a change of payloads that is more than one; with a key, the sealed text of it. */
  readonly change?: unknown;
}

/** An operation with what it puts into payloads as that is stored, if it does and has not ended. */
export interface StoredOperation extends JobOperation {
  readonly storedPatch?: unknown;
  readonly storedChange?: unknown;
}

/** The jobs of an operation: those of a filter in one of the statuses, the newest `limit`, or all. */
export interface JobSelection {
  readonly filter: Omit<JobFilter, 'status'>;
  readonly statuses: readonly JobStatus[];
  readonly limit?: number | undefined;
}

/** One job of an operation, as it was when the operation was accepted. */
export interface OperationJob {
  readonly position: number;
  readonly id: string;
  readonly type: string;
  readonly version: number;
}

/** What became of one job. */
export interface ProcessedJob {
  readonly position: number;
  readonly outcome: JobOutcome;
  /** Why it was skipped or failed. */
  readonly reason?: string | undefined;
  readonly newJobId?: string | undefined;
}

export const operationColumns = `id, kind, status, tenant, actor, fingerprint, key_id AS "keyId", reason, filter,
  patch_paths AS "patched", rate, total, done, skipped, failed, hindrance, created_at AS "createdAt", updated_at AS "updatedAt", finished_at AS "finishedAt"`;

/** What is kept until the end; see `storedContents`. */
export const contentColumns = 'patch, change';

/** A row of `contentColumns`, as text. */
export interface ContentRow {
  readonly patch: string | null;
  readonly change: string | null;
}

export function storedContents({ patch, change }: ContentRow): Pick<StoredOperation, 'storedPatch' | 'storedChange'> {
  return {
    ...(patch === null ? {} : { storedPatch: originalJson(patch) }),
    ...(change === null ? {} : { storedChange: originalJson(change) }),
  };
}

/** A row of `operationColumns`; the columns of type `jsonb` as their text. */
export interface OperationRow extends Omit<JobOperation, 'actor' | 'filter' | 'patched'> {
  readonly actor: string;
  readonly filter: string;
  readonly patched: string | null;
}

export function operationOfRow({ actor, filter, patched, reason, ...row }: OperationRow): JobOperation {
  return {
    ...row,
    actor: originalJson(actor) as Actor,
    reason: reason === null ? null : originalText(reason),
    filter: originalJson(filter),
    ...(patched === null ? {} : { patched: originalJson(patched) as readonly string[] }),
  };
}
