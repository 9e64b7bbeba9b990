import { type Job, type JobEvent, type JobOperation, type JobstreamClient, NotFoundError } from '@jobstream/client';
import { useQuery } from '@tanstack/react-query';
import { useClient } from '../../live/dashboardContext.ts';
import { originOf } from './origin.ts';

/** How far back repetitions of repetitions are followed. */
const MAX_ANCESTORS = 10;
const MAX_RERUNS = 20;
/** The newest operations, among which the cause of an event is sought. */
const MAX_OPERATIONS = 200;

/** A job that this one repeats. */
export interface Ancestor {
  readonly job: Job;
  readonly first: JobEvent;
}

/** Returns the jobs that a job repeats, the first one first. One that is gone ends them. */
export function useAncestors(first: JobEvent | undefined): readonly Ancestor[] | undefined {
  const client = useClient();
  const { data } = useQuery({
    queryKey: ['ancestors', first?.jobId],
    queryFn: ({ signal }) => (first === undefined ? [] : ancestorsOf(first, client, signal)),
    enabled: first !== undefined,
    staleTime: 60_000,
  });
  return data;
}

async function ancestorsOf(
  first: JobEvent,
  client: JobstreamClient,
  signal: AbortSignal,
): Promise<readonly Ancestor[]> {
  const ancestors: Ancestor[] = [];
  let id = originOf(first).rerunOf;
  while (id !== undefined && ancestors.length < MAX_ANCESTORS) {
    const parent = await readAncestor(id, client, signal);
    if (parent === undefined) break;
    ancestors.unshift(parent);
    id = originOf(parent.first).rerunOf;
  }
  return ancestors;
}

async function readAncestor(id: string, { jobs }: JobstreamClient, signal: AbortSignal): Promise<Ancestor | undefined> {
  try {
    const [job, [first]] = await Promise.all([jobs.get(id, { signal }), jobs.history(id, { signal })]);
    return first && { job, first };
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}

/** Returns the jobs that repeat a job, newest first. */
export function useReruns(id: string) {
  const client = useClient();
  const { data } = useQuery({
    queryKey: ['job', id, 'reruns'],
    queryFn: ({ signal }) => client.jobs.listPage({ rerunOf: id, limit: MAX_RERUNS, count: true }, { signal }),
  });
  return data;
}

/** Returns the operations among those that may have caused events, by their ids. */
export function useOperations(): ReadonlyMap<string, JobOperation> | undefined {
  const client = useClient();
  const { data } = useQuery({
    queryKey: ['operations', 'causes'],
    queryFn: async ({ signal }) => {
      const found = new Map<string, JobOperation>();
      for await (const operation of client.operations.list({ signal })) {
        found.set(operation.id, operation);
        if (found.size === MAX_OPERATIONS) break;
      }
      return found;
    },
    staleTime: 30_000,
  });
  return data;
}
