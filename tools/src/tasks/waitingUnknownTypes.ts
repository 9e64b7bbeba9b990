import { JobstreamClient, JobstreamError, type JobType } from '@jobstream/client';
import { countOf, nearestNames } from '@jobstream/runtime';

/** An API, and with which key it is asked. */
export interface ApiPlace {
  readonly url: string;
  readonly credentials: string | undefined;
}

/**
 * Returns a sentence for each job type whose jobs wait without a worker that has announced it, such as a misspelt one; none where the
 * API cannot be asked, which this is only a hint for.
 */
export async function waitingUnknownTypes({ url, credentials }: ApiPlace): Promise<readonly string[]> {
  const client = new JobstreamClient({ url, credentials, retryForMs: 0, warn: false });
  let types: readonly JobType[];
  try {
    types = await client.types.list();
  } catch (error) {
    if (error instanceof JobstreamError) return [`the API at ${url} does not say which job types are announced`];
    throw error;
  }
  const announced = types.filter((type) => type.announced).map(({ type }) => type);
  return types
    .filter((type) => !type.announced && type.backlog > 0)
    .map(({ type, backlog }) => {
      const nearest = nearestNames(type, announced);
      const hint = nearest.length === 0 ? '' : `; did you mean ${nearest.join(' or ')}?`;
      return `warning: ${countOf(backlog, 'job')} of the type ${type} ${backlog === 1 ? 'waits' : 'wait'}, which no worker has announced${hint}`;
    });
}
