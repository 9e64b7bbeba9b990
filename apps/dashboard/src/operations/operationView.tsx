import type { JobOperation } from '@jobstream/client';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useClient } from '../live/dashboardContext.ts';
import { formatDuration } from '../format/duration.ts';
import { ActorLink } from '../live/actorName.tsx';
import { whileUnderWay } from '../live/readAgain.ts';
import { Fact } from '../parts/fact.tsx';
import { Instant } from '../parts/instant.tsx';
import { Failure, Loading } from '../parts/notes.tsx';
import { isUnderWay, Progress, Steering } from './operationProgress.tsx';
import { OperationResults } from './operationResults.tsx';
import { Conditions } from './selection.tsx';

const route = getRouteApi('/operations/$id');

/** One operation: how far it is, what became of each job, and its controls. */
export function OperationView() {
  const { id } = route.useParams();
  const client = useClient();
  const { data, error, refetch } = useQuery({
    queryKey: ['operation', id],
    queryFn: ({ signal }) => client.operations.get(id, { signal }),
    ...whileUnderWay(isUnderWay, ['underWay', 'once']),
  });
  if (data === undefined) {
    return (
      <>
        <h1>Operation</h1>
        {error === null ? <Loading /> : <Failure error={error} onRetry={() => void refetch()} />}
      </>
    );
  }
  return (
    <article className="operation">
      <div className="title">
        <h1>
          {TITLES[data.kind]} {data.total.toLocaleString()} {data.total === 1 ? 'job' : 'jobs'}
        </h1>
        <Steering operation={data} />
      </div>
      {error !== null && <Failure error={error} />}
      <Progress operation={data} />
      <Facts operation={data} />
      <OperationResults operation={data} />
    </article>
  );
}

const TITLES = { retry: 'Retry', replay: 'Replay', cancel: 'Cancel' } as const;

function Facts({ operation }: { readonly operation: JobOperation }) {
  const { actor, tenant, reason, rate, createdAt, finishedAt, filter, patched } = operation;
  const { ids, ...conditions } = filter;
  return (
    <dl className="facts">
      <Fact name="By">
        <ActorLink actor={actor} />
        {tenant !== undefined && ` · ${tenant}`}
      </Fact>
      {reason !== undefined && <Fact name="Reason">{reason}</Fact>}
      <Fact name="Begun">
        <Instant at={createdAt} />
      </Fact>
      {finishedAt !== undefined && (
        <Fact name="Ended after">{formatDuration(Date.parse(finishedAt) - Date.parse(createdAt))}</Fact>
      )}
      {rate !== undefined && <Fact name="Rate">{`${rate.toLocaleString()} a second`}</Fact>}
      <Fact name="Jobs">
        {ids === undefined ? <Conditions filter={conditions} /> : `${ids.length.toLocaleString()} chosen one by one`}
      </Fact>
      {patched !== undefined && (
        <Fact name="Patched">{patched.map((path) => (path === '' ? 'the whole payload' : path)).join(', ')}</Fact>
      )}
    </dl>
  );
}
