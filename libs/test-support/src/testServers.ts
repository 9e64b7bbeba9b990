export interface StartNatsOptions {
  /** Additional lines of the server's configuration file. */
  extraConfig?: string;
  maxPayload?: string;
  /** Bytes that the streams may take on the disk; default nearly all of it. */
  maxFileStore?: number;
  /** Whether the server has a monitoring address; never in a container. */
  monitored?: boolean;
  /** Restarts the server after its disk was full, as `npm start` does, and receives what it does; not in a container. */
  watchDisk?: (line: string) => void;
  /** The server's name over all restarts, for members of a cluster. */
  name?: string;
  /** Whether every write is synced before it is acknowledged; default true. */
  syncAlways?: boolean;
  /** Streams whose batches are staged in memory, as `npm start` does; a server in a container stages on its disk. */
  stagedInMemory?: readonly string[] | undefined;
  /** Overrides the environment of this process; ignored by a server in a container. */
  env?: NodeJS.ProcessEnv;
  /** The folder for the data, which the caller deletes; default a new folder that is deleted with the server. */
  dataDir?: string;
  /** The path of another server program, for instance an older version; it never runs in a container. */
  binary?: string;
}

/** A nats-server for one test: `await using nats = await startNats()`. */
export interface TestNats extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly pid: number | undefined;
  /** The monitoring address of a server that is monitored. */
  readonly monitorUrl: string | undefined;
  /** Sends a signal; with SIGKILL (the default) resolves when the server has ended. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Stops the server if it runs, and starts it on the same port and data. */
  restart(): Promise<void>;
  /** Freezes the server: connections stay open, and it does not respond. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  stop(): Promise<void>;
}

/** A Postgres for one test that kills or stops it; other tests use `createDatabase`. */
export interface TestPostgres extends AsyncDisposable {
  /** The URL of an empty database. */
  readonly url: string;
  readonly pid: number | undefined;
  /** Sends a signal; with SIGKILL (the default) resolves when the server has ended. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Stops the server if it runs, and starts it on the same port and data. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}
