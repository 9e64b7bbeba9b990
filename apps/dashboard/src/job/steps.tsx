import type { JobEvent, JobStep } from '@jobstream/client';
import { formatDuration } from '../format/duration.ts';
import { Instant } from '../parts/instant.tsx';
import { JsonTree } from '../parts/values/jsonTree.tsx';

/** The steps of a job, each as it was recorded last; nothing for a job that has none. */
export function Steps({ events }: { readonly events: readonly JobEvent[] }) {
  const steps = stepsOf(events);
  if (steps.length === 0) return undefined;
  return (
    <section>
      <h2>Steps</h2>
      <table>
        <thead>
          <tr>
            <th scope="col">Step</th>
            <th scope="col">Attempt</th>
            <th scope="col">Ended</th>
            <th scope="col">Took</th>
            <th scope="col">Result</th>
          </tr>
        </thead>
        <tbody>
          {steps.map((step) => (
            <StepRow key={idOf(step)} step={step} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function StepRow({ step }: { readonly step: JobStep }) {
  const { name, key, attempt, endedAt, durationMs, result, error } = step;
  return (
    <tr>
      <th scope="row">
        {name} {key !== undefined && <span className="mono">{key}</span>}
      </th>
      <td>{attempt}</td>
      <td>
        <Instant at={endedAt} />
      </td>
      <td>{formatDuration(durationMs)}</td>
      <td>{error === undefined ? <JsonTree value={result} file={name} /> : `${error.name}: ${error.message}`}</td>
    </tr>
  );
}

/** The steps as these events of a job have recorded them, in the order in which they were recorded first. */
function stepsOf(events: readonly JobEvent[]): readonly JobStep[] {
  const steps = new Map<string, JobStep>();
  let version = 0;
  for (const event of events) {
    if (event.event === 'JobPayloadChanged' && event.data.keepSteps !== true) steps.clear();
    for (const step of recordedBy(event, version)) steps.set(idOf(step), step);
    ({ version } = event);
  }
  return [...steps.values()];
}

/** A job is carried with steps of which the events may be missing. */
function recordedBy(event: JobEvent, versionBefore: number): readonly JobStep[] {
  if (event.event === 'JobStepsRecorded') {
    const { at: endedAt, data } = event;
    return data.steps.map((step) => Object.assign({ attempt: data.attempt, endedAt }, step));
  }
  if (event.event !== 'JobCarriedWithSteps' || event.version === versionBefore + 1) return [];
  return event.data.steps.map(({ at, ...step }) => Object.assign({ endedAt: at }, step));
}

function idOf({ name, key }: Pick<JobStep, 'name' | 'key'>): string {
  return key === undefined ? name : `${name}\n${key}`;
}
