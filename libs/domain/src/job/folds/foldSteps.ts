import { isCarry, type LoggedEvent } from '../jobEvent.ts';
import { stepId, type RecordedStep } from '../stepRecord.ts';

/** What an event did to the steps of its job: whether all earlier ones count no more, and those that it has. */
export interface StepChange {
  readonly drops: boolean;
  readonly steps: readonly RecordedStep[];
}

/**
 * Returns what an event did to the steps of its job; undefined for nothing. Call it for events that have changed the job.
 *
 * @param versionBefore that of the job before the event; undefined if it begins with it.
 */
export function stepChangeOf(event: LoggedEvent, versionBefore: number | undefined): StepChange | undefined {
  if (event.event === 'JobStepsRecorded') {
    const { at, data } = event;
    const recorded = { attempt: data.attempt, at };
    return { drops: false, steps: data.steps.map((step) => Object.assign({}, step, recorded)) };
  }
  if (event.event === 'JobPayloadChanged')
    return event.data.keepSteps === true ? undefined : { drops: true, steps: [] };
  if (!isCarry(event) || event.version === (versionBefore ?? 0) + 1) return undefined;
  return { drops: true, steps: event.event === 'JobCarried' ? [] : event.data.steps };
}

/**
 * Returns the steps of a job, each as it was recorded last, in the order in which they were recorded first.
 *
 * @param changes the events that have changed the job, oldest first.
 */
export function foldSteps(changes: Iterable<LoggedEvent>): readonly RecordedStep[] {
  const steps = new Map<string, RecordedStep>();
  let version: number | undefined;
  for (const event of changes) {
    const change = stepChangeOf(event, version);
    if (change?.drops === true) steps.clear();
    for (const step of change?.steps ?? []) steps.set(stepId(step), step);
    ({ version } = event);
  }
  return [...steps.values()];
}
