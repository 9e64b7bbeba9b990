import { isCarry, type JobEvent, type JobStep } from '@jobstream/client';

/** The steps as these events of a job have recorded them, in the order in which they were recorded first. */
export function stepsOf(events: readonly JobEvent[]): readonly JobStep[] {
  const steps = new Map<string, JobStep>();
  let version = 0;
  for (const event of events) {
    // Behind events that are missing, a job that is carried has the steps with which it is.
    const isBehindGap = isCarry(event) && event.version !== version + 1;
    if (isBehindGap || (event.event === 'JobPayloadChanged' && event.data.keepSteps !== true)) steps.clear();
    for (const step of recordedBy(event, isBehindGap)) steps.set(stepId(step), step);
    ({ version } = event);
  }
  return [...steps.values()];
}

function recordedBy(event: JobEvent, isBehindGap: boolean): readonly JobStep[] {
  if (event.event === 'JobStepsRecorded') {
    const { at: endedAt, data } = event;
    return data.steps.map((step) => Object.assign({ attempt: data.attempt, endedAt }, step));
  }
  if (!isCarry(event) || event.event === 'JobCarried' || !isBehindGap) return [];
  return event.data.steps.map(({ at, ...step }) => Object.assign({ endedAt: at }, step));
}

/** Tells the steps of a job apart. */
export function stepId({ name, key }: Pick<JobStep, 'name' | 'key'>): string {
  return key === undefined ? name : `${name}\n${key}`;
}
