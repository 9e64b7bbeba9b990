import type { JobOperation, JobOutcome, OperationJob } from '@jobstream/client';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useClient } from '../live/dashboardContext.ts';
import { readAgain } from '../live/readAgain.ts';
import { type Column, DataTable } from '../parts/dataTable.tsx';
import { JobLink } from '../parts/names.tsx';
import { Failure } from '../parts/notes.tsx';
import { isUnderWay } from './operationProgress.tsx';

/** As many more are shown at a time. */
const STEP = 200;

const OUTCOMES = ['done', 'skipped', 'failed'] as const satisfies readonly JobOutcome[];

/** What became of each job, with the jobs that were made. */
export function OperationResults({ operation }: { readonly operation: JobOperation }) {
  const [outcome, setOutcome] = useState<JobOutcome>();
  const [most, setMost] = useState(STEP);
  const { data, error } = useResults(operation, outcome, most);
  if (operation.total === 0) return <p className="dim">No job matched when it began.</p>;
  return (
    <section aria-label="Results">
      <div className="choices" role="group" aria-label="Outcome">
        {[undefined, ...OUTCOMES].map((one) => (
          <button key={one ?? 'all'} type="button" aria-pressed={one === outcome} onClick={() => setOutcome(one)}>
            {one === undefined ? 'all' : `${one} ${operation[one].toLocaleString()}`}
          </button>
        ))}
      </div>
      {error !== null && <Failure error={error} />}
      {data !== undefined && <ResultTable jobs={data.jobs} made={operation.kind === 'replay'} />}
      {data?.more && (
        <button type="button" onClick={() => setMost(most + STEP)}>
          Show more
        </button>
      )}
    </section>
  );
}

function useResults(operation: JobOperation, outcome: JobOutcome | undefined, most: number) {
  const { operations } = useClient();
  const { id, status } = operation;
  return useQuery({
    // With the status: what was read before the end is not the end.
    queryKey: ['operation', id, 'jobs', outcome ?? '', most, status],
    queryFn: async ({ signal }) => {
      const jobs: OperationJob[] = [];
      for await (const job of operations.jobs(id, { signal, ...(outcome === undefined ? {} : { outcome }) })) {
        if (jobs.length === most) return { jobs, more: true };
        jobs.push(job);
      }
      return { jobs, more: false };
    },
    ...(isUnderWay(operation) ? readAgain.underWay : readAgain.once),
    placeholderData: keepPreviousData,
  });
}

interface ResultTableProps {
  readonly jobs: readonly OperationJob[];
  /** Whether the operation makes jobs. */
  readonly made: boolean;
}

function ResultTable({ jobs, made }: ResultTableProps) {
  if (jobs.length === 0) return <p className="dim">None.</p>;
  const columns = COLUMNS.filter(({ name }) => made || name !== NEW_JOB);
  return <DataTable columns={columns} rows={jobs} rowId={({ id }) => id} />;
}

const NEW_JOB = 'New job';

const COLUMNS: readonly Column<OperationJob>[] = [
  { name: 'Job', cell: ({ id }) => <JobLink id={id} /> },
  { name: 'Outcome', cell: ({ outcome }) => outcomeOf(outcome) },
  { name: NEW_JOB, cell: ({ newJobId }) => (newJobId === undefined ? '–' : <JobLink id={newJobId} />) },
  { name: 'Why', kind: 'why', cell: ({ reason }) => reason ?? '–' },
];

function outcomeOf(outcome: OperationJob['outcome']) {
  return outcome === 'failed' ? <span className="warn">failed</span> : (outcome ?? 'waits');
}
