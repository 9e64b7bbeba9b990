/** Work that is done over and over in a process of its own, so that its processor time can be told. */
export interface Subject {
  /** Prepares what the next round needs and what is not measured. */
  prepare(count: number): Promise<void>;
  /** Runs a round of `count` operations. */
  run(count: number): Promise<void>;
}
