/** Work that is done over and over in a process of its own, so that its processor time can be told. */
export interface Subject {
  /** Makes ready what the next round needs and what shall not count. */
  prepare(count: number): Promise<void>;
  /** A round of so many operations. */
  run(count: number): Promise<void>;
}
