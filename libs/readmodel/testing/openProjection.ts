import { JobProjection } from '@jobstream/readmodel';

/** A projection that has its lock, to be closed by `await using`. */
export async function openProjection(databaseUrl: string): Promise<JobProjection & AsyncDisposable> {
  const projection = await JobProjection.open(databaseUrl);
  if (!(await projection.tryAcquire())) throw new Error('another projection has the lock');
  return Object.assign(projection, { [Symbol.asyncDispose]: () => projection.close() });
}
