import { JobProjection } from '@jobstream/readmodel';
import type { SearchPaths } from '@jobstream/readmodel';

/** A projection that has its lock, to be closed by `await using`. */
export async function openProjection(
  databaseUrl: string,
  searchPaths?: SearchPaths,
): Promise<JobProjection & AsyncDisposable> {
  const projection = await JobProjection.open(databaseUrl, undefined, searchPaths);
  if (!(await projection.tryAcquire())) throw new Error('another projection has the lock');
  return Object.assign(projection, { [Symbol.asyncDispose]: () => projection.close() });
}
