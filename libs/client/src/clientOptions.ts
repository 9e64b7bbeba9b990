export interface ClientOptions {
  /** Where the API is, such as `https://jobs.example.com`. */
  readonly url: string;
  /** An API key or a token; or a function that brings one, asked before each request so that it can renew what expires. */
  readonly credentials?: string | (() => string | Promise<string>) | undefined;
  /** For how long, in milliseconds, a request is repeated while the API is away or busy; 30,000 if not given. */
  readonly retryForMs?: number;
  /** Instead of the platform's own, e.g. to go through a proxy. */
  readonly fetch?: typeof fetch;
}

/** What every call takes. When the signal is aborted, the call rejects with the signal's reason. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}
