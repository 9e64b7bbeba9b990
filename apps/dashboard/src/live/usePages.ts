import type { Page } from '@jobstream/client';
import { useInfiniteQuery } from '@tanstack/react-query';
import { readAgain } from './readAgain.ts';

interface Pages<Row> {
  readonly queryKey: readonly unknown[];
  readonly readPage: (
    page: { readonly cursor?: string },
    options: { readonly signal: AbortSignal },
  ) => Promise<Page<Row>>;
  readonly again: 'once' | 'slowly';
}

/** The rows of a list that is read page by page, as far as its reader has asked for them. */
export function usePages<Row>({ queryKey, readPage, again }: Pages<Row>) {
  return useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) => readPage(pageParam === '' ? {} : { cursor: pageParam }, { signal }),
    initialPageParam: '',
    getNextPageParam: ({ nextCursor }) => nextCursor,
    select: ({ pages }) => pages.flatMap(({ items }) => items),
    ...readAgain[again],
  });
}
