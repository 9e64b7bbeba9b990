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
  /** Identifies the body of a request with an idempotency key. */
  readonly fingerprint: string | null;
  readonly reason: string | null;
  /** What was asked for, as it is shown. */
  readonly filter: unknown;
  /** A JSON merge patch for the payloads of replayed jobs. */
  readonly patch?: unknown;
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
  'id' | 'kind' | 'tenant' | 'actor' | 'fingerprint' | 'reason' | 'filter' | 'patch' | 'rate'
>;

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

export const operationColumns = `id, kind, status, tenant, actor, fingerprint, reason, filter, patch, rate, total, done, skipped, failed,
  hindrance, created_at AS "createdAt", updated_at AS "updatedAt", finished_at AS "finishedAt"`;

/** A row of `operationColumns`; the columns of type `jsonb` as their text. */
export interface OperationRow extends Omit<JobOperation, 'actor' | 'filter' | 'patch'> {
  readonly actor: string;
  readonly filter: string;
  readonly patch: string | null;
}

export function operationOfRow({ actor, filter, patch, reason, ...row }: OperationRow): JobOperation {
  return {
    ...row,
    actor: originalJson(actor) as Actor,
    reason: reason === null ? null : originalText(reason),
    filter: originalJson(filter),
    ...(patch === null ? {} : { patch: originalJson(patch) }),
  };
}
