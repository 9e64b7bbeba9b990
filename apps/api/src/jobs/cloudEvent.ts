import { JobId, JobType, Timestamp } from '@jobstream/domain';
import type { RecordedEvent } from '@jobstream/eventlog';
import { Schema } from 'effect';
import type { BodyOf } from '../http/bodyOf.ts';
import { jobEventView } from './jobEventView.ts';

/** An event in the format of CloudEvents 1.0 (JSON); what the format has no name for are extensions. */
export const CloudEvent = Schema.Struct({
  specversion: Schema.Literal('1.0'),
  id: Schema.String,
  source: Schema.String,
  type: Schema.String,
  subject: JobId,
  time: Timestamp,
  datacontenttype: Schema.Literal('application/json'),
  sequence: Schema.String,
  recordedat: Timestamp,
  jobtype: JobType,
  jobversion: Schema.Int,
  data: Schema.Record(Schema.String, Schema.Unknown),
  correlationid: Schema.optionalKey(Schema.String),
  causationid: Schema.optionalKey(Schema.String),
}).annotate({ identifier: 'CloudEvent' });

export function cloudEvent(recorded: RecordedEvent): BodyOf<typeof CloudEvent> {
  const { event, sequence, recordedAt } = recorded;
  return {
    specversion: '1.0',
    id: event.id,
    source: `/api/jobs/${event.jobId}`,
    type: `jobstream.${event.event}`,
    subject: event.jobId,
    time: event.at,
    datacontenttype: 'application/json',
    sequence: String(sequence),
    recordedat: recordedAt,
    jobtype: event.jobType,
    jobversion: event.version,
    data: jobEventView(recorded).data,
    correlationid: event.correlationId,
    causationid: event.causationId,
  };
}
