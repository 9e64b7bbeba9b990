import type { NatsLogin } from '@jobstream/test-support';

export type Part = 'api' | 'worker' | 'projector' | 'nats' | 'postgres';

/** The whole system as a test sees it from outside, wherever its processes run. */
export interface TestSystem extends AsyncDisposable {
  /** Addresses of now; they may change with a start. */
  readonly api: string;
  readonly postgres: string;
  /** How a program reaches NATS with the rights of an operator. */
  readonly nats: NatsLogin;
  /** What to show to the API, where it asks for it. */
  readonly key: string | undefined;
  /** Kills or freezes a part; its supervisor restarts a killed one. */
  kill(part: Part, signal?: 'SIGKILL' | 'SIGSTOP'): Promise<void>;
  /** Starts what was stopped, on the same data. */
  start(): Promise<void>;
  /** Stops all in order; true if every process ended well. */
  stop(): Promise<boolean>;
  /** Deletes the data of Postgres; only while the system is stopped. */
  loseDatabase(): Promise<void>;
}
