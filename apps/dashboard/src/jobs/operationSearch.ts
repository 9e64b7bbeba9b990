import type { OperationFilter, OperationKind, PayloadEdit } from '@jobstream/client';
import { atTime, conditionsOf, type JobSearch, readJobSearch } from './jobSearch.ts';

export const kinds = ['retry', 'replay', 'cancel'] as const satisfies readonly OperationKind[];

/** Values of payloads and results, which belong into no address: that of a view is sent on, and is in logs of servers. */
interface OperationValues extends Pick<JobSearch, 'search'> {
  /** A JSON merge patch. */
  readonly patch?: string;
  readonly edits?: readonly PayloadEdit[];
}

declare module '@tanstack/react-router' {
  interface HistoryState {
    operationValues?: OperationValues;
  }
}

/** An operation that has not begun, as it stands in the address. */
export interface OperationAddress extends Omit<JobSearch, 'search'> {
  readonly kind: OperationKind;
  /** The ids of jobs, separated by commas, if they were chosen one by one. */
  readonly ids?: string;
  /** Whether it has values beside the address: without them it would be another operation. */
  readonly withheld?: true;
}

/** An operation that has not begun. */
export interface OperationSearch extends OperationValues, Omit<OperationAddress, 'withheld'> {}

/** Reads what an operation shall do of an address. */
export function readOperationAddress(params: Readonly<Record<string, unknown>>): OperationAddress {
  const { ids, withheld, patch } = params;
  const { sort: _sort, asOf: _asOf, search, ...conditions } = readJobSearch(params);
  return {
    ...conditions,
    kind: kinds.find((one) => one === params['kind']) ?? 'retry',
    ...(typeof ids === 'string' && ids !== '' ? { ids } : {}),
    ...(withheld === true || search !== undefined || patch !== undefined ? { withheld: true } : {}),
  };
}

/** Where an operation is planned: what a link to it needs. Its values stay in the history of the tab, also when it is reloaded. */
export function planOf({ search, patch, edits, ...address }: OperationSearch) {
  const operationValues = {
    ...(search === undefined ? {} : { search }),
    ...(patch === undefined ? {} : { patch }),
    ...(edits === undefined ? {} : { edits }),
  };
  const withheld = Object.keys(operationValues).length === 0 ? {} : { withheld: true as const };
  return { to: '/operations/new', search: { ...address, ...withheld }, state: { operationValues } } as const;
}

/** The operation of an address and of the history of the tab; undefined in a tab that does not have its values. */
export function searchOf(
  { withheld, ...address }: OperationAddress,
  values: OperationValues | undefined,
): OperationSearch | undefined {
  return withheld === true && values === undefined ? undefined : { ...address, ...values };
}

/** The jobs of the operation: those that were chosen, or those of the conditions at this moment. */
export function filterOf({
  kind: _kind,
  patch: _patch,
  edits: _edits,
  ids,
  ...search
}: OperationSearch): OperationFilter {
  if (ids !== undefined) return { ids: ids.split(',') };
  const { sort: _sort, asOf: _asOf, ...filter } = atTime(search, Date.now());
  return conditionsOf(filter).length === 0 ? { all: true } : filter;
}
