import type { RecordedEvent } from '@jobstream/eventlog';
import { eventView } from './jobView.ts';

/** An event in the format of CloudEvents 1.0 (JSON); what the format has no name for are extensions. */
export function cloudEvent(recorded: RecordedEvent): object {
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
    data: (eventView(recorded) as { readonly data: object }).data,
    ...(event.correlationId === undefined ? {} : { correlationid: event.correlationId }),
    ...(event.causationId === undefined ? {} : { causationid: event.causationId }),
  };
}
