import type { TableDifference, Verification, Verifications } from '@jobstream/client';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { formatDuration } from '../format/duration.ts';
import { ActorLink } from '../live/actorName.tsx';
import { useClient } from '../live/dashboardContext.ts';
import { whileUnderWay } from '../live/readAgain.ts';
import { type Column, DataTable } from '../parts/dataTable.tsx';
import { Fact } from '../parts/fact.tsx';
import { Age } from '../parts/instant.tsx';
import { Loaded } from '../parts/loaded.tsx';
import { JobLink } from '../parts/names.tsx';
import { Empty } from '../parts/notes.tsx';
import { ReasonlessButton } from '../parts/dialogs/reasonlessButton.tsx';
import { useMay } from '../session/session.ts';

/** Whether the table, from which the views are made, has what the log says. */
export function ProofView() {
  return (
    <>
      <h1>Proof</h1>
      <p className="dim">
        Every view is made from a table, and the table from the log of events. A comparison folds the whole log anew
        beside the table, and names each field that differs.
      </p>
      {useMay('admin') ? <Proof /> : <p>To see and to make comparisons, log in with a key that has the scope admin.</p>}
    </>
  );
}

function Proof() {
  const client = useClient();
  const queries = useQueryClient();
  const query = useQuery({
    queryKey: ['proof'],
    queryFn: ({ signal }) => client.proof.read({ signal }),
    ...whileUnderWay(({ current }: Verifications) => current !== undefined, ['underWay', 'system']),
  });
  const verify = async () => queries.setQueryData<Verifications>(['proof'], await client.proof.request());
  return (
    <Loaded query={query}>
      {({ current, last }) => (
        <>
          {current === undefined ? (
            <div>
              <ReasonlessButton label="Verify now" of="the table" onPress={verify} />
            </div>
          ) : (
            <Progress of={current} />
          )}
          {last === undefined ? <NoProof /> : <LastProof last={last} />}
        </>
      )}
    </Loaded>
  );
}

function NoProof() {
  return (
    <Empty title="Not compared yet" code="jobstream proof --now">
      The button compares the table with the log, and so does the command line:
    </Empty>
  );
}

function Progress({ of: { status, progress } }: { readonly of: Verification }) {
  return (
    <p role="status">
      {status === 'requested' && 'A comparison is requested. A projector begins it within a second.'}
      {status === 'running' && (progress === undefined ? 'The comparison begins.' : `Comparing: ${progress.step}, `)}
      {progress !== undefined && `${progress.done.toLocaleString()} of ${progress.total.toLocaleString()}`}
    </p>
  );
}

function LastProof({ last }: { readonly last: Verification }) {
  const { status, reason, first = [] } = last;
  return (
    <section aria-labelledby="last-proof">
      <h2 id="last-proof">
        <Outcome of={last} />
      </h2>
      <Origin of={last} />
      {status !== 'failed' && <Facts of={last} />}
      {reason !== undefined && <p>{reason}</p>}
      {first.length > 0 && <Differences first={first} />}
    </section>
  );
}

function Facts({ of }: { readonly of: Verification }) {
  const { position = 0, end = 0, jobs = 0, differences = 0, ignoredMessages = 0, unreadableJobs = 0 } = of;
  return (
    <dl className="figures">
      <Fact name="Compared at event">{`${position.toLocaleString()} of ${end.toLocaleString()}`}</Fact>
      <Fact name="Jobs">{jobs.toLocaleString()}</Fact>
      <Fact name="Differences">{differences.toLocaleString()}</Fact>
      <Fact name="Messages that change nothing">{ignoredMessages.toLocaleString()}</Fact>
      <Fact name="Jobs of a newer release">{unreadableJobs.toLocaleString()}</Fact>
    </dl>
  );
}

function Outcome({ of: { status } }: { readonly of: Verification }) {
  if (status === 'equal') return <span>● The table matches the log</span>;
  if (status === 'lags') return <span className="warn">‖ The table lags behind the log, and does not advance</span>;
  return (
    <span className="warn">✕ {status === 'differs' ? 'The table differs from the log' : 'The comparison failed'}</span>
  );
}

function Origin({ of: { startedAt, finishedAt, requestedBy } }: { readonly of: Verification }) {
  if (finishedAt === undefined) return null;
  const took = startedAt === undefined ? '' : `, in ${formatDuration(Date.parse(finishedAt) - Date.parse(startedAt))}`;
  return (
    <p className="proof dim">
      <Age at={finishedAt} />
      {took}, asked for by {requestedBy === undefined ? 'the command line' : <ActorLink actor={requestedBy} />}
    </p>
  );
}

function Differences({ first }: { readonly first: readonly TableDifference[] }) {
  return <DataTable columns={COLUMNS} rows={first} rowId={({ table, key, field }) => `${table}-${key}-${field}`} />;
}

const COLUMNS: readonly Column<TableDifference>[] = [
  { name: 'Table', cell: ({ table }) => table },
  { name: 'Row', kind: 'mono', cell: (difference) => <RowLink of={difference} /> },
  { name: 'Field', cell: ({ field }) => field },
  { name: 'In the table', kind: 'mono', cell: ({ live }) => live ?? NOTHING },
  { name: 'By the log', kind: 'mono', cell: ({ log }) => log ?? NOTHING },
];

const NOTHING = <span className="dim">nothing</span>;

function RowLink({ of: { table, key } }: { readonly of: TableDifference }) {
  if (table !== 'jobs') return key;
  return <JobLink id={key} />;
}
