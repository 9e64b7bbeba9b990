import { isObject } from '@jobstream/domain';

/** What the message of a claim says. `renewed`: the job was seen in the log before its events left it. */
export interface ClaimBody {
  readonly jobId: string;
  readonly jobType: string;
  readonly until?: string | undefined;
  readonly renewed?: true;
}

const VERSION = 1;

export function encodeClaim({ jobId, jobType, until, renewed }: ClaimBody): string {
  return JSON.stringify({ v: VERSION, jobId, jobType, until, renewed });
}

/** A message that is no claim, as a stranger can store it, names no job: the key is free. */
export function decodeClaim(text: string): ClaimBody {
  const none = { jobId: '', jobType: '' };
  try {
    const body: unknown = JSON.parse(text);
    if (!isObject(body)) return none;
    const { jobId, jobType, until, renewed } = body;
    if (typeof jobId !== 'string' || typeof jobType !== 'string') return none;
    return {
      jobId,
      jobType,
      ...(typeof until === 'string' ? { until } : {}),
      ...(renewed === true ? { renewed } : {}),
    };
  } catch {
    return none;
  }
}
