/** Which failed jobs to group. */
export interface FailuresQuery {
  /** The last period, such as `15m`, `24h` (the default) or `30d`. */
  readonly window?: string;
  readonly type?: string | readonly string[];
  /** The number of groups: 1 to 200, default 50. */
  readonly limit?: number;
}

/** The failed jobs of a window in groups. Times are RFC 3339 in UTC. */
export interface Failures {
  readonly from: string;
  /** Exclusive. */
  readonly to: string;
  /** The length of the periods of `series`. */
  readonly resolution: 'minute' | 'hour' | 'day';
  readonly total: number;
  /** False when there are more than `total`, which were left out. */
  readonly totalExact: boolean;
  /** Jobs that failed before groups were introduced. */
  readonly ungrouped: number;
  /** The largest groups, largest first. */
  readonly items: readonly FailureGroup[];
}

/** Jobs that failed alike. */
export interface FailureGroup {
  /** For the filter `failure` of `jobs.list`: words of the type and the error, and a digest. */
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly code?: string;
  /** Without numbers, ids, hexadecimal digits and quoted texts. */
  readonly message: string;
  readonly count: number;
  readonly firstAt: string;
  readonly lastAt: string;
  /** The id of the job that failed last. */
  readonly lastJob: string;
  /** Oldest first; empty periods are left out. */
  readonly series: readonly { readonly at: string; readonly count: number }[];
  /** The path of the list of these jobs. */
  readonly jobs: string;
}

/** What the jobs of a group of failures share, and others of the type do not. Times are RFC 3339 in UTC. */
export interface SharedTraits {
  /** The id of the group. */
  readonly failure: string;
  readonly from: string;
  /** Exclusive. */
  readonly to: string;
  /** How many jobs of the group were looked at: of those that failed in the window the newest 1,000. */
  readonly jobs: number;
  /** With how many others they were compared: of those that are completed, or have failed in another way, the newest 1,000. */
  readonly others: number;
  /** What at least half of the jobs have, and the others less than half as often; the most telling first. */
  readonly traits: readonly SharedTrait[];
}

export interface SharedTrait {
  /** `workerVersion`: the release of the program that made the last attempt. */
  readonly kind: 'tag' | 'workerVersion';
  readonly value: string;
  /** How many of `jobs` have it. */
  readonly count: number;
  /** How many of `others` have it. */
  readonly elsewhere: number;
}
