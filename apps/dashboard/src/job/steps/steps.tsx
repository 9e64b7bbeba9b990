import type { JobEvent, JobStep } from '@jobstream/client';
import { formatDuration } from '../../format/duration.ts';
import { Instant } from '../../parts/instant.tsx';
import { JsonTree } from '../../parts/values/jsonTree.tsx';
import { stepId, stepsOf } from './stepsOf.ts';

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
            <StepRow key={stepId(step)} step={step} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function StepRow({ step }: { readonly step: JobStep }) {
  const { name, key, attempt, endedAt, durationMs } = step;
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
      <td>
        <Outcome step={step} />
      </td>
    </tr>
  );
}

/** What a step has returned, why it failed, the signal that it has read, or until when it waits for one. */
function Outcome({ step: { name, result, error, signal, waitsUntil } }: { readonly step: JobStep }) {
  if (error !== undefined) return `${error.name}: ${error.message}`;
  if (waitsUntil !== undefined) {
    return (
      <>
        waits for a signal until <Instant at={waitsUntil} />
      </>
    );
  }
  return (
    <>
      {signal !== undefined && <span className="dim">signal {signal.name} </span>}
      <JsonTree value={result} file={name} />
    </>
  );
}
