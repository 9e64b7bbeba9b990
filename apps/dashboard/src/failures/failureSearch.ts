import { JOB_TYPE } from '../jobs/jobSearch.ts';

/** The windows that can be picked, with their names. */
export const windows = [
  ['15m', '15 min'],
  ['1h', '1 h'],
  ['24h', '24 h'],
  ['7d', '7 d'],
  ['30d', '30 d'],
] as const;

/** What the view of failures shows, as it stands in the address; default 24 hours of all types. */
export interface FailureSearch {
  readonly window?: string;
  readonly type?: string;
}

/** Reads the window and the type of an address, and leaves out what is none. */
export function readFailureSearch({ window, type }: Readonly<Record<string, unknown>>): FailureSearch {
  return {
    ...(typeof window === 'string' && /^[1-9]\d{0,3}[mhd]$/.test(window) ? { window } : {}),
    ...(typeof type === 'string' && JOB_TYPE.test(type) ? { type } : {}),
  };
}
