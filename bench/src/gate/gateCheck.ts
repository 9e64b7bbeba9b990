/** What is done by us, and the least that it could cost, on the same servers. */
export interface GatePair {
  readonly ours: Measurable;
  readonly baseline: Measurable;
  stop(): Promise<void>;
}

export interface GateCheck {
  readonly id: string;
  readonly title: string;
  readonly baselineTitle: string;
  /**
   * Whose processor time is compared. That of nats-server is none of it: how often its threads wake and look for work
   * depends on what else the machine does, and the same run came to 2.0 and to 2.6 times the baseline.
   */
  readonly counts: 'process' | 'both';
  open(folder: string): Promise<GatePair>;
}

/** Processor time of one operation, in µs, in the process that does it and in the server that it uses. */
export interface Micros {
  readonly process: number;
  readonly server: number;
}

/** Something that can be done in rounds. */
export interface Measurable {
  round(): Promise<Micros>;
  stop(): Promise<void>;
}
