import type { Field } from './configField.ts';

const BUCKET = /^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/[\w!.*'()/-]*)?$/;

/** A folder by its whole path, since processes may run in different ones, or a bucket of S3. */
export function archivePlace(): Field<string | undefined> {
  return (raw) => {
    if (raw === undefined || raw.startsWith('/') || BUCKET.test(raw)) return { value: raw };
    return { expected: 'the whole path of a folder, or s3://bucket/prefix' };
  };
}
