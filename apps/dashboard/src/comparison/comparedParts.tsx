import type { ComparedPart, Job, JobComparison } from '@jobstream/client';
import { JsonTree } from '../parts/values/jsonTree.tsx';
import { Unfolding } from '../parts/values/unfolding.tsx';
import { JsonDiff } from '../payloads/jsonDiff.tsx';

const PARTS = ['error', 'payload', 'result'] as const;

interface ComparedPartsProps {
  readonly comparison: JobComparison & Required<Pick<JobComparison, 'other'>>;
}

/** The error, the payload and the result of the two, line by line. */
export function ComparedParts({ comparison }: ComparedPartsProps) {
  const { job, other } = comparison;
  return PARTS.map((part) => (
    <section key={part} aria-labelledby={`compared-${part}`}>
      <h2 id={`compared-${part}`}>{part[0]?.toUpperCase() + part.slice(1)}</h2>
      <OnePart what={part} compared={comparison[part]} job={contentsOf(job, part)} other={contentsOf(other, part)} />
    </section>
  ));
}

/** The stack of an error tells of the code, and not of the job. */
function contentsOf(job: Job, part: (typeof PARTS)[number]): unknown {
  if (part !== 'error' || job.error === undefined) return job[part];
  const { stack: _stack, ...error } = job.error;
  return error;
}

interface OnePartProps {
  readonly what: string;
  readonly compared: ComparedPart | undefined;
  readonly job: unknown;
  readonly other: unknown;
}

function OnePart({ what, compared, job, other }: OnePartProps) {
  if (compared === 'sealed') return <CannotBeCompared what={what} />;
  if (job === undefined && other === undefined) return <p className="dim">Neither has one.</p>;
  return (
    <>
      {compared === 'different' && (
        <p className="legend dim">
          <ins>+ this job</ins> <del>- the other one</del>
        </p>
      )}
      <JsonDiff what={what} label={`Differences of the ${what}`} before={other} after={job} />
      <Unfolding summary={`The ${what} of both as a whole`}>
        <div className="contents">
          <JsonTree value={job} file={`this-${what}`} />
          <JsonTree value={other} file={`other-${what}`} />
        </div>
      </Unfolding>
    </>
  );
}

export function CannotBeCompared({ what }: { readonly what: string }) {
  return (
    <p>
      <strong>The {what} cannot be compared:</strong> contents of one of the jobs were erased, or cannot be decrypted.
    </p>
  );
}
