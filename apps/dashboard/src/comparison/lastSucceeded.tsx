import { Link } from '@tanstack/react-router';
import { Loaded } from '../parts/loaded.tsx';
import { Unfolding } from '../parts/values/unfolding.tsx';
import { JsonDiff } from '../payloads/jsonDiff.tsx';
import { CannotBeCompared } from './comparedParts.tsx';
import { useComparison } from './useComparison.ts';

interface LastSucceededProps {
  /** The job that is edited. */
  readonly id: string;
  /** As it was typed. */
  readonly payload: unknown;
}

/** The payload in an editor beside that of the last job that has succeeded, when it is asked for. */
export function LastSucceeded(props: LastSucceededProps) {
  return (
    <Unfolding summary="Compare with the last that succeeded">
      <Difference {...props} />
    </Unfolding>
  );
}

function Difference({ id, payload }: LastSucceededProps) {
  return (
    <Loaded query={useComparison(id)}>
      {({ job, other, payload: compared }) => {
        if (other === undefined) return <p className="dim">No other job of the type {job.type} has succeeded.</p>;
        return (
          <>
            {compared === 'sealed' ? (
              <CannotBeCompared what="payload" />
            ) : (
              <JsonDiff what="payload" label="Beside the last that succeeded" before={other.payload} after={payload} />
            )}
            <p>
              <Link to="/jobs/$id/compare/$other" params={{ id, other: other.id }} target="_blank">
                The whole comparison, in a new tab
              </Link>
            </p>
          </>
        );
      }}
    </Loaded>
  );
}
