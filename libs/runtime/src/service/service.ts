/**
 * A long-lived part of a process. `start` returns when the part is ready for use; `stop` waits until all its work is
 * done and may be called twice, and also after a start that failed.
 */
export interface Service {
  readonly name: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}
