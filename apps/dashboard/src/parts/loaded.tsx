import type { ReactNode } from 'react';
import { Failure, Loading } from './notes.tsx';

/** What a view needs of a query. */
export interface Reading<Data> {
  readonly data: Data | undefined;
  readonly error: Error | null;
  readonly refetch: () => Promise<unknown>;
}

interface LoadedProps<Data> {
  readonly query: Reading<Data>;
  readonly children: (data: Data) => ReactNode;
}

/** Shows what was read, below the error where reading it again has failed. */
export function Loaded<Data>({ query: { data, error, refetch }, children }: LoadedProps<Data>) {
  if (data === undefined)
    return error === null ? <Loading /> : <Failure error={error} onRetry={() => void refetch()} />;
  return (
    <>
      {error !== null && <Failure error={error} />}
      {children(data)}
    </>
  );
}
