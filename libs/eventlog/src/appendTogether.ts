import { isCreation, type JobEvent } from '@jobstream/domain';
import { type Claim, claimRequest, jobAppendRequest } from './append/appendRequest.ts';
import type { EventLogParts } from './eventLogParts.ts';

/** An event to append, with the sequence of the last event of its job, and the unique key that it claims. */
export interface EventToAppend {
  readonly event: JobEvent;
  readonly expected: number;
  readonly claim?: Claim | undefined;
}

/** Appends events of different jobs, all or none, each behind its claim; returns the sequence of the first. */
export async function appendTogether(
  events: readonly EventToAppend[],
  { batches, expired, contents, lanes }: Pick<EventLogParts, 'batches' | 'contents' | 'expired' | 'lanes'>,
  traceparent: string | undefined,
): Promise<number> {
  const all = events.map(({ event }) => event);
  await expired?.assertNew(all.filter(isCreation));
  await lanes.openFor(all);
  const sealed = await contents.sealAll(all);
  const [first = 0] = await batches.append(
    events.map(({ event, expected, claim }, index) => ({
      request: jobAppendRequest(sealed[index] ?? event, traceparent),
      expected,
      claim: claim && claimRequest(claim, event),
    })),
  );
  return first;
}
