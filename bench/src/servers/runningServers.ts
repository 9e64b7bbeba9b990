/** The servers of one run. */
export interface RunningServers {
  /** How clients reach them. */
  readonly address: string;
  /** The processes whose processor time counts, their children included, by what they are. */
  readonly processes: Readonly<Record<string, number>>;
  stop(): Promise<void>;
}
