import type { OperationFilter, OperationKind } from '@jobstream/client';
import { atTime, conditionsOf, type JobSearch, readJobSearch } from '../jobs/jobSearch.ts';

export const kinds = ['retry', 'replay', 'cancel'] as const satisfies readonly OperationKind[];

/** An operation that has not begun, as it stands in the address. */
export interface OperationSearch extends JobSearch {
  readonly kind: OperationKind;
  /** The ids of jobs, separated by commas, if they were chosen one by one. */
  readonly ids?: string;
  /** A JSON merge patch. */
  readonly patch?: string;
}

/** Reads what an operation shall do of an address. */
export function readOperationSearch(params: Readonly<Record<string, unknown>>): OperationSearch {
  const { ids, patch } = params;
  const { sort: _sort, asOf: _asOf, ...search } = readJobSearch(params);
  return {
    ...search,
    kind: kinds.find((one) => one === params['kind']) ?? 'retry',
    ...(typeof ids === 'string' && ids !== '' ? { ids } : {}),
    ...textOf(patch),
  };
}

/** The router reads what is JSON already. */
function textOf(patch: unknown): { readonly patch?: string } {
  if (patch === undefined || patch === '') return {};
  return { patch: typeof patch === 'string' ? patch : JSON.stringify(patch) };
}

/** The jobs of the operation: those that were chosen, or those of the conditions at this moment. */
export function filterOf({ kind: _kind, patch: _patch, ids, ...search }: OperationSearch): OperationFilter {
  if (ids !== undefined) return { ids: ids.split(',') };
  const { sort: _sort, asOf: _asOf, ...filter } = atTime(search, Date.now());
  return conditionsOf(filter).length === 0 ? { all: true } : filter;
}
