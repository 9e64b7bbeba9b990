import { RecordedStep, type StepOutcome } from '@jobstream/domain';
import * as Schema from 'effect/Schema';
import type { BodyOf } from '../../http/sendJson.ts';
import { errorView, JobErrorView, type ShownOfErrors } from './jobView.ts';

const { name, key, result, signal, waitsUntil, durationMs, attempt, at } = RecordedStep.fields;

/** The public view of a step of a job. */
export const JobStepView = Schema.Struct({
  name,
  key: key.annotateKey({ description: 'Tells the steps of one name apart.' }),
  attempt: attempt.annotateKey({ description: 'The attempt that has recorded it last.' }),
  endedAt: at,
  durationMs,
  result: result.annotateKey({
    description: 'What later attempts get instead of running it; left out where it returned nothing, or has failed.',
  }),
  signal: signal.annotateKey({
    description: 'The signal that it has waited for, and read: its payload is the result.',
  }),
  waitsUntil: waitsUntil.annotateKey({ description: 'It waits for a signal, until then at the latest.' }),
  error: Schema.optionalKey(JobErrorView).annotateKey({
    description: 'It has failed, and runs again in the next attempt.',
  }),
}).annotate({ identifier: 'JobStep' });

export function stepView(step: RecordedStep, shownOf: ShownOfErrors): BodyOf<typeof JobStepView> {
  const { at: endedAt, ...rest }: RecordedStep = stepWithPublicError(step, shownOf);
  return { ...rest, endedAt };
}

/** The step with what may be seen of its error. */
export function stepWithPublicError<Step extends StepOutcome>(step: Step, shownOf: ShownOfErrors): Step {
  return step.error === undefined ? step : { ...step, error: errorView(step.error, shownOf) };
}
