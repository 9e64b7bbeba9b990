import type { Job, JobListFilter, NewOperation } from '@jobstream/client';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useClient } from '../live/dashboardContext.ts';
import { applyPatch } from '../payloads/mergePatch.ts';
import { PayloadVerdict, usePayloadCheck } from '../payloads/payloadCheck.tsx';
import { JsonDiff } from '../payloads/jsonDiff.tsx';

/** Jobs to look at. */
const SAMPLES = 20;

const STATUSES = {
  retry: ['failed'],
  replay: ['completed', 'failed', 'cancelled'],
  cancel: ['scheduled', 'pending', 'processing', 'retrying'],
} as const;

interface PatchPreviewProps {
  readonly plan: Pick<NewOperation, 'kind' | 'filter'>;
  readonly patch: unknown;
}

/** What a patch makes of the payload of one job; another one can be looked at. */
export function PatchPreview({ plan, patch }: PatchPreviewProps) {
  const { data = [] } = useSamples(plan);
  const [index, setIndex] = useState(0);
  const job = data[index % Math.max(1, data.length)];
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
        {data.length > 1 && (
          <button type="button" className="quiet" onClick={() => setIndex(index + 1)}>
            Another job
          </button>
        )}
      </div>
      <OneJob job={job} patch={patch} />
    </section>
  );
}

function OneJob({ job, patch }: { readonly job: Job; readonly patch: unknown }) {
  const after = applyPatch(job.payload, patch);
  return (
    <>
      <JsonDiff what="payload" before={job.payload} after={after} />
      <PayloadVerdict check={usePayloadCheck(job.type, after)} />
    </>
  );
}

function useSamples({ kind, filter }: PatchPreviewProps['plan']) {
  const client = useClient();
  return useQuery({
    queryKey: ['operation samples', kind, filter],
    queryFn: async ({ signal }) => {
      const { ids, all: _all, ...conditions } = filter;
      if (ids !== undefined) return Promise.all(ids.slice(0, SAMPLES).map((id) => client.jobs.get(id, { signal })));
      const listed: JobListFilter = { status: STATUSES[kind], ...conditions };
      return (await client.jobs.listPage({ ...listed, limit: SAMPLES }, { signal })).items;
    },
    staleTime: Infinity,
  });
}
