export interface StartNatsOptions {
  /** More lines for the server's configuration file. */
  extraConfig?: string;
  maxPayload?: string;
  /** The server's name over all restarts, for the members of a cluster. */
  name?: string;
  /** Syncs every write before it is acknowledged, which the project's own server does unless told otherwise. */
  syncAlways?: boolean;
  /** Streams whose batches are staged in memory, as `npm start` does; a server in a container stages on its disk. */
  stagedInMemory?: readonly string[] | undefined;
  /** Goes before the environment of this process; a server in a container has its own. */
  env?: NodeJS.ProcessEnv;
  /** A folder of the caller's for the data, which stays; without it a fresh one that goes with the server. */
  dataDir?: string;
  /** Another server program than the one that the project uses, for instance an older one; never in a container. */
  binary?: string;
}

/** A nats-server of its own for one test: `await using nats = await startNats()`. */
export interface TestNats extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly pid: number | undefined;
  /** Sends a signal; with SIGKILL (the default) resolves when the server is gone. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Stops the server if it runs, and starts it on the same port and data. */
  restart(): Promise<void>;
  /** Freezes the server: connections stay open and nothing is answered. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  stop(): Promise<void>;
}

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
