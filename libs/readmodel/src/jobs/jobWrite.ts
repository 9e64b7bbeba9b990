import type { Job } from '@jobstream/domain';
import { storableJson } from '../storableText.ts';
import type { ChangedJob } from './foldEvents.ts';

/** A changed job with its JSON columns as text; `baseVersion` is the version of the row, undefined if there is none. */
export interface JobWrite {
  readonly job: Job;
  readonly sequence: number;
  readonly baseVersion: number | undefined;
  readonly payload: string | null;
  readonly result: string | null;
  readonly error: string | null;
  readonly progress: string | null;
}

export function jobWriteOf({ before, after, sequence }: ChangedJob): JobWrite {
  return {
    job: after,
    sequence,
    baseVersion: before?.version,
    // Of a row that exists, the payload is neither known nor changed.
    payload: before === undefined ? storableJson(after.payload) : null,
    result: 'result' in after ? storableJson(after.result) : null,
    error: after.error === undefined ? null : storableJson(after.error),
    progress: after.progress === undefined ? null : storableJson(after.progress),
  };
}

/** Characters of JSON in the write, which make up nearly all of its size. */
export function sizeOf({ payload, result, error, progress }: JobWrite): number {
  return (payload?.length ?? 0) + (result?.length ?? 0) + (error?.length ?? 0) + (progress?.length ?? 0);
}
