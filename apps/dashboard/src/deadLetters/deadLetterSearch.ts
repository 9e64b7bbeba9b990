import { JOB_TYPE } from '../jobs/jobSearch.ts';

/** By when jobs failed: the last first, or the first. */
const orders = ['lastFinished', 'firstFinished'] as const;

/** What the view of dead letters shows, as it stands in the address; default all types, the last that failed first. */
export interface DeadLetterSearch {
  readonly type?: string;
  readonly sort?: (typeof orders)[number];
}

/** Reads the type and the order of an address, and leaves out what is none. */
export function readDeadLetterSearch({ type, sort }: Readonly<Record<string, unknown>>): DeadLetterSearch {
  const order = orders.find((one) => one === sort);
  return {
    ...(typeof type === 'string' && JOB_TYPE.test(type) ? { type } : {}),
    ...(order === undefined ? {} : { sort: order }),
  };
}
