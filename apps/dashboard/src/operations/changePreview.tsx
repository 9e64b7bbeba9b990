import type { NewOperation, PayloadSample } from '@jobstream/client';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useDeferredValue, useState } from 'react';
import { useClient } from '../live/dashboardContext.ts';
import { Failure } from '../parts/notes.tsx';
import { JsonDiff } from '../payloads/jsonDiff.tsx';
import type { PayloadChange } from '../payloads/payloadChange.ts';

/** Jobs to look at. */
const SAMPLES = 20;

interface ChangePreviewProps {
  readonly plan: Pick<NewOperation, 'kind' | 'filter'>;
  readonly change: PayloadChange;
  /** How many jobs match. */
  readonly matched: number;
}

/** What the API makes of the payload of one job, and what it says of it; another one can be looked at. */
export function ChangePreview({ plan, change, matched }: ChangePreviewProps) {
  const [index, setIndex] = useState(0);
  const count = Math.min(SAMPLES, matched);
  const { data: job, error } = useSample(plan, useDeferredValue(change), index % count);
  if (error !== null) return <Failure error={error} />;
  if (job === undefined) return null;
  return (
    <section aria-label="Preview">
      <div className="title">
        <h2>
          Before and after, of{' '}
          <Link to="/jobs/$id" params={{ id: job.id }} className="mono">
            {job.id}
          </Link>
        </h2>
        {count > 1 && (
          <button type="button" className="quiet" onClick={() => setIndex(index + 1)}>
            Another job
          </button>
        )}
      </div>
      <Sample sample={job} />
    </section>
  );
}

function Sample({ sample }: { readonly sample: PayloadSample }) {
  const { before, after, refusal } = sample;
  return (
    <>
      {'after' in sample && <JsonDiff what="payload" before={before} after={after} />}
      {refusal === undefined ? (
        <p>✓ Accepted for this job.</p>
      ) : (
        <div className="failure" role="alert">
          This job would fail: {refusal}
        </div>
      )}
    </>
  );
}

function useSample(plan: ChangePreviewProps['plan'], change: PayloadChange, sample: number) {
  const client = useClient();
  return useQuery({
    queryKey: ['operation sample', plan, change, sample],
    queryFn: async ({ signal }) =>
      (await client.operations.preview({ ...plan, ...change }, { signal, sample })).sample ?? null,
    select: (found) => found ?? undefined,
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    gcTime: 0,
  });
}
