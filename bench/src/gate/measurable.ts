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
