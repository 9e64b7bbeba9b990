import { JOB_TYPE } from '../jobs/jobSearch.ts';

/** The windows that can be picked, with their names. */
export const windows = [
  ['15m', '15 min'],
  ['1h', '1 h'],
  ['24h', '24 h'],
  ['7d', '7 d'],
  ['30d', '30 d'],
] as const;

/** By when jobs failed: the last first, or the first. */
const orders = ['lastFinished', 'firstFinished'] as const;

/**
 * What the view of failures shows, as it stands in the address: of all types, unless it has one, the groups of 24 hours or of a window; or the
 * dead letters, of all times, the last that failed first.
 */
export interface FailureSearch {
  readonly type?: string | undefined;
  readonly window?: string;
  readonly show?: 'dead-letters' | undefined;
  readonly sort?: (typeof orders)[number];
}

/** Reads what an address shows, and leaves out what is none, or is of the other part of the view. */
export function readFailureSearch({ show, type, window, sort }: Readonly<Record<string, unknown>>): FailureSearch {
  const ofType = typeof type === 'string' && JOB_TYPE.test(type) ? { type } : {};
  if (show === 'dead-letters') {
    const order = orders.find((one) => one === sort);
    return { ...ofType, show, ...(order === undefined ? {} : { sort: order }) };
  }
  return { ...ofType, ...(typeof window === 'string' && /^[1-9]\d{0,3}[mhd]$/.test(window) ? { window } : {}) };
}
