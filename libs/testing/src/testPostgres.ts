/** A Postgres of its own for one test, for tests that kill or stop it; others take `createDatabase`. */
export interface TestPostgres extends AsyncDisposable {
  /** The address of an empty database. */
  readonly url: string;
  readonly pid: number | undefined;
  /** Sends a signal; with SIGKILL (the default) resolves when the server is gone. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Stops the server if it runs, and starts it on the same port and data. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}
