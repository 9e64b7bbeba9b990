import type { Job } from '@jobstream/domain';
import type { JobSelection } from '@jobstream/readmodel';
import type { ApiDeps } from '../../apiDeps.ts';
import type { OperationPlan } from './operationRequest.ts';
import { payloadOf } from './payloads/payloadOf.ts';

/** What a change makes of the payload of one job. */
export interface PayloadSample extends Pick<Job, 'id' | 'type'> {
  readonly before: unknown;
  /** Missing where an edit cannot be made. */
  readonly after?: unknown;
  /** Why the job would fail. */
  readonly refusal?: string;
}

/** The sample that a dry run asks for: one of the newest jobs. Undefined where no or fewer jobs match. */
export async function samplePayload(
  { sample, change }: Pick<OperationPlan, 'sample' | 'change'>,
  { filter, statuses }: JobSelection,
  deps: ApiDeps,
): Promise<PayloadSample | undefined> {
  if (sample === undefined) return undefined;
  const { items } = await deps.table.listJobs({ ...filter, status: statuses, limit: sample + 1 });
  const [job] = await deps.log.contents.openJobs(items.slice(sample));
  if (job === undefined) return undefined;
  const { id, type, payload: before } = job;
  const { payload: after, ...rest } = payloadOf(job, change, deps);
  return { id, type, before, after, ...rest };
}
