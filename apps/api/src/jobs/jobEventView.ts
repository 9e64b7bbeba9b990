import { JobEvent, Timestamp } from '@jobstream/domain';
import type { RecordedEvent } from '@jobstream/eventlog';
import { Schema } from 'effect';
import type { BodyOf } from '../http/bodyOf.ts';
import { errorView, JobErrorView } from './jobView.ts';

const [Created, Started, Progressed, Completed, RetryScheduled, Failed, Cancelled, Requeued, Released] =
  JobEvent.members;
const { idempotencyKey: _key, fingerprint: _fingerprint, ...createdData } = Created.fields.data.fields;
const shown = { error: JobErrorView };

/** Where an event stands in the log, and when the log got it. */
const recorded = { sequence: Schema.Int, recordedAt: Timestamp };

const viewOf = <const Fields extends Schema.Struct.Fields>(identifier: string, fields: Fields) =>
  Schema.Struct({ ...recorded, ...fields }).annotate({ identifier });

/** An event as clients see it, with its place in the log: without hashes of keys, and errors without their stack. */
export const JobEventView = Schema.Union([
  viewOf('JobCreated', { ...Created.fields, data: Schema.Struct(createdData) }),
  viewOf('JobStarted', Started.fields),
  viewOf('JobProgressed', Progressed.fields),
  viewOf('JobCompleted', Completed.fields),
  viewOf('JobRetryScheduled', {
    ...RetryScheduled.fields,
    data: Schema.Struct({ ...RetryScheduled.fields.data.fields, ...shown }),
  }),
  viewOf('JobFailed', { ...Failed.fields, data: Schema.Struct({ ...Failed.fields.data.fields, ...shown }) }),
  viewOf('JobCancelled', Cancelled.fields),
  viewOf('JobRequeued', Requeued.fields),
  viewOf('JobReleased', Released.fields),
]).annotate({ identifier: 'JobEvent' });

export function jobEventView({ sequence, recordedAt, event }: RecordedEvent): BodyOf<typeof JobEventView> {
  return { sequence, recordedAt, ...shownOf(event) };
}

function shownOf(event: JobEvent) {
  if (event.event === 'JobCreated') {
    const { idempotencyKey: _hash, fingerprint: _other, ...data } = event.data;
    return { ...event, data };
  }
  if (event.event === 'JobRetryScheduled') {
    return { ...event, data: { ...event.data, error: errorView(event.data.error) } };
  }
  if (event.event === 'JobFailed') return { ...event, data: { ...event.data, error: errorView(event.data.error) } };
  return event;
}
