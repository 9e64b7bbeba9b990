export const DURABILITIES: readonly Durability[] = ['fsync', 'default'];

/** The servers of one run. */
export interface RunningServers {
  /** How clients reach them. */
  readonly address: string;
  /** The processes whose processor time counts, their children included, by what they are. */
  readonly processes: Readonly<Record<string, number>>;
  /** Resolves when everything that follows the log, such as a table, has what is in it; none where nothing does. */
  caughtUp?(): Promise<void>;
  stop(): Promise<void>;
}

/** `fsync`: on disk before it is acknowledged. `default`: as the system's server comes. */
export type Durability = 'fsync' | 'default';
