import { encodeJobEvent } from '@jobstream/domain';
import { newJob } from '@jobstream/testing';
import type { Payload } from '../systems/jobSystem.ts';
import type { BarePublish } from './bareAttempt.ts';

/** Writes a job of ours as it is created; `onStored` is told its id. */
export function bareCreation(publisher: BarePublish, payload: Payload, onStored: (jobId: string) => void): void {
  const event = newJob(payload);
  const subject = `ruler.bench.${event.jobId}.created`;
  const body = Buffer.from(encodeJobEvent(event));
  publisher.publish({ subject, body, expected: 0 }, () => onStored(event.jobId));
}
