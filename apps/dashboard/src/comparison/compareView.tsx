import type { Job, JobComparison } from '@jobstream/client';
import { Link, useParams } from '@tanstack/react-router';
import { useEscape } from '../keys/useEscape.ts';
import { useLeave } from '../keys/useLeave.ts';
import { Loaded } from '../parts/loaded.tsx';
import { Empty } from '../parts/notes.tsx';
import '../styles/comparison.css';
import { ChooseOther } from './chooseOther.tsx';
import { ComparedFacts } from './comparedFacts.tsx';
import { ComparedParts } from './comparedParts.tsx';
import { useComparison } from './useComparison.ts';

/** A job beside another one, or beside the last that has succeeded: how each went, and what differs. */
export function CompareView() {
  const { id = '', other } = useParams({ strict: false });
  useEscape(useLeave(id));
  return (
    <article className="comparison">
      <h1>Compare jobs</h1>
      <Loaded query={useComparison(id, other)}>
        {(comparison) => <Compared comparison={comparison} isNamed={other !== undefined} />}
      </Loaded>
      <ChooseOther id={id} />
    </article>
  );
}

interface ComparedProps {
  readonly comparison: JobComparison;
  /** Whether the address names the other one. */
  readonly isNamed: boolean;
}

function Compared({ comparison, isNamed }: ComparedProps) {
  const { job, other, sharedTags = [] } = comparison;
  if (other === undefined) {
    return (
      <Empty title={`No other job of the type ${job.type} has succeeded`}>
        There is nothing to compare it with among the newest of them. Any other job can be named below.
      </Empty>
    );
  }
  return (
    <>
      <p>
        {!isNamed && `${whyThisOne(job, sharedTags)} `}
        <Link to="/jobs/$id/compare/$other" params={{ id: other.id, other: job.id }}>
          The other way round
        </Link>
      </p>
      <ComparedFacts job={job} other={other} />
      <ComparedParts comparison={{ ...comparison, other }} />
    </>
  );
}

/** Why the API has chosen the other one. */
function whyThisOne({ type, tags }: Job, shared: readonly string[]): string {
  const ofTags = tags.length === 0 ? '' : ` and shares ${shared.length} of ${tags.length} tags`;
  return `The other one is the last ${type} that has succeeded${ofTags}.`;
}
