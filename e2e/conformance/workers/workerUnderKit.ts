/** A worker of this repository: what it is called, and how to start it once what it needs is there. */
export interface WorkerUnderKit {
  readonly name: string;
  /** Installs or builds what is missing and returns the command; rejects with one sentence when it cannot. */
  readonly prepare: () => Promise<string>;
}
