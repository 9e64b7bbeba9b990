import { jobEventEnvelope, jobEventNames, jobEvents, Timestamp } from '@jobstream/domain';
import type { JobError, JobEventName, JobEventOf } from '@jobstream/domain';
import type { RecordedEvent } from '@jobstream/eventlog';
import * as Schema from 'effect/Schema';
import type { BodyOf } from '../../http/sendJson.ts';
import { errorView, JobErrorView, type ShownOfErrors } from './jobView.ts';

/** The position of an event in the log, and when it was stored. */
const recorded = { sequence: Schema.Int, recordedAt: Timestamp };

const views = jobEventNames.map((event) => {
  const data = Schema.Struct(shown<Schema.Constraint>(event, jobEvents[event].data, () => JobErrorView));
  const fields = { ...recorded, ...jobEventEnvelope, event: Schema.Literal(event), data };
  return Schema.Struct(fields).annotate({ identifier: event });
});

type Hidden<Name extends JobEventName> = (typeof jobEvents)[Name]['hidden'][number];
type Shown<Data> = { [Field in keyof Data]: Data[Field] extends JobError ? typeof JobErrorView.Type : Data[Field] };
type ViewOf<Name extends JobEventName> = Omit<JobEventOf<Name>, 'data'> & {
  readonly sequence: number;
  readonly recordedAt: string;
  readonly data: Shown<Omit<JobEventOf<Name>['data'], Hidden<Name>>>;
};

/** The public view of an event and its position: without hidden fields. */
export const JobEventView = Schema.Union(views).annotate({
  identifier: 'JobEvent',
}) as Schema.Constraint as Schema.Codec<{ [Name in JobEventName]: ViewOf<Name> }[JobEventName]>;

export function jobEventView(
  { sequence, recordedAt, event }: RecordedEvent,
  shownOf: ShownOfErrors,
): BodyOf<typeof JobEventView> {
  const data = shown(event.event, event.data, (error) => errorView(error as JobError, shownOf));
  return { sequence, recordedAt, ...event, data } as BodyOf<typeof JobEventView>;
}

type Named<Value> = { readonly [field: string]: Value };

/** Returns the data of an event, or their schemas, without hidden fields and with a public error. */
function shown<Value>(event: JobEventName, data: Named<Value>, showError: (error: Value) => Value): Named<Value> {
  const hidden: readonly string[] = jobEvents[event].hidden;
  if (hidden.length === 0 && !('error' in data)) return data;
  const kept = Object.entries(data).filter(([field]) => !hidden.includes(field));
  return Object.fromEntries(kept.map(([field, value]) => [field, field === 'error' ? showError(value) : value]));
}
