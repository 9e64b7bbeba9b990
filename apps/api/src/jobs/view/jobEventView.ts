import { jobEventEnvelope, jobEventNames, jobEvents, RecordedStep, StepOutcome, Timestamp } from '@jobstream/domain';
import type { JobError, JobEventName, JobEventOf } from '@jobstream/domain';
import type { RecordedEvent } from '@jobstream/eventlog';
import * as Schema from 'effect/Schema';
import type { BodyOf } from '../../http/sendJson.ts';
import { errorView, JobErrorView, type ShownOfErrors } from './jobView.ts';
import { stepWithPublicError } from './stepView.ts';

/** The position of an event in the log, and when it was stored. */
const recorded = { sequence: Schema.Int, recordedAt: Timestamp };

const error = Schema.optionalKey(JobErrorView);
const StepOutcomeView = Schema.Struct({ ...StepOutcome.fields, error });
const CarriedStepView = Schema.Struct({ ...RecordedStep.fields, error });

const views = jobEventNames.map((event) => {
  const steps = Schema.Array(event === 'JobStepsRecorded' ? StepOutcomeView : CarriedStepView);
  const show = { error: () => JobErrorView, steps: () => steps };
  const data = Schema.Struct(shown<Schema.Constraint>(event, jobEvents[event].data, show));
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
  const data = shown<unknown>(event.event, event.data, {
    error: (value) => errorView(value as JobError, shownOf),
    steps: (value) => (value as readonly StepOutcome[]).map((step) => stepWithPublicError(step, shownOf)),
  });
  return { sequence, recordedAt, ...event, data } as BodyOf<typeof JobEventView>;
}

type Named<Value> = { readonly [field: string]: Value };

/** How fields are shown that have errors of handlers. */
interface ShownFields<Value> {
  readonly error: (value: Value) => Value;
  readonly steps: (value: Value) => Value;
}

/** Returns the data of an event, or their schemas, without hidden fields and with public errors. */
function shown<Value>(event: JobEventName, data: Named<Value>, show: ShownFields<Value>): Named<Value> {
  const hidden: readonly string[] = jobEvents[event].hidden;
  if (hidden.length === 0 && !('error' in data) && !('steps' in data)) return data;
  const kept = Object.entries(data).filter(([field]) => !hidden.includes(field));
  return Object.fromEntries(
    kept.map(([field, value]) => [field, field === 'error' || field === 'steps' ? show[field](value) : value]),
  );
}
