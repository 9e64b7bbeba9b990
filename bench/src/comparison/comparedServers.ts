/** Where a system's programs find its servers, and how a reader sees what became of the jobs. */
export interface ComparedServers {
  /** The environment of worker and producer. */
  readonly env: Readonly<Record<string, string>>;
  /** Returns the results of the jobs of type `thumbnail` that have completed; `output` is what the worker has written. */
  results(output: string): Promise<readonly unknown[]>;
  /** Sends a payload that does not fit to the HTTP API, past worker and producer; undefined where there is no such API. */
  readonly postWrongPayload?: () => Promise<ApiAnswer>;
  stop(): Promise<void>;
}

/** What an HTTP API says of a payload. */
export interface ApiAnswer {
  readonly status: number;
  /** JSON Pointers to the mistakes that it names. */
  readonly pointers: readonly string[];
}
