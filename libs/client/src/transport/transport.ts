import { UnavailableError, UnexpectedAnswerError } from './errors.ts';
import { JobWarnings } from './jobWarnings.ts';
import { OwnWrites, type OwnWritesOptions } from './ownWrites.ts';
import { pause, retryDelay, timeLimit } from './pause.ts';
import { refusal } from './refusal.ts';
import { RetryWarning, type Warn } from './retryWarning.ts';

type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

export interface ApiRequest extends CallOptions {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Query;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether the request is idempotent and may be repeated; default true. */
  readonly repeatable?: boolean;
  /** Whether the answer is of the table, which is a moment behind the log. */
  readonly ofTable?: boolean;
  /** The time limit of one attempt in milliseconds. */
  readonly patienceMs?: number;
}

/** Twice the API's own limit for a response. */
const PATIENCE_MS = 10_000;
const RETRY_FOR_MS = 30_000;
/** What the codes of Node say; browsers do not tell. */
const UNREACHABLE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to it',
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name is not known',
  UND_ERR_CONNECT_TIMEOUT: 'it does not answer',
};

/** Sends requests to the API, repeats those that are safe to repeat, and maps responses other than success to errors. */
export class Transport {
  readonly retryForMs: number;
  readonly #options: ClientOptions;
  readonly #url: URL;
  readonly #warning: RetryWarning;
  readonly #jobWarnings: JobWarnings;
  readonly #ownWrites: OwnWrites;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#url = apiUrl(options.url);
    this.#ownWrites = new OwnWrites(options);
    this.retryForMs = options.retryForMs ?? RETRY_FOR_MS;
    // oxlint-disable-next-line no-console -- by default a program is told where it tells everything else
    const { warn = (sentence: string) => console.warn(sentence), jobWarnings = true } = options;
    this.#warning = new RetryWarning(warn, this.retryForMs);
    this.#jobWarnings = new JobWarnings(jobWarnings && warn);
  }

  /** Sends a request and returns the parsed body of the response; undefined if it has none. */
  async ask<Body>(request: ApiRequest): Promise<Body> {
    const { method = 'GET', patienceMs } = request;
    const watched = this.#warning.watch(asked(request), this.#api(), method !== 'GET' && patienceMs === undefined);
    try {
      const body = await this.#askUntilAnswered<Body>(request, watched.failed);
      watched.end(true);
      this.#jobWarnings.tell(asked(request), body);
      return body;
    } catch (error) {
      watched.end(!(error instanceof UnavailableError));
      throw error;
    }
  }

  async #askUntilAnswered<Body>(request: ApiRequest, onFailure: (error: unknown) => void): Promise<Body> {
    const deadline = Date.now() + this.retryForMs;
    for (let tries = 1; ; tries++) {
      try {
        return await this.#exchange<Body>(request);
      } catch (error) {
        const delay = delayBeforeNext(error, tries, request);
        if (delay === undefined || Date.now() + delay > deadline) throw error;
        onFailure(error);
        await pause(delay, request.signal);
      }
    }
  }

  /** The address of the API, as it is named in messages. */
  #api(): string {
    return this.#url.href.replace(/\/$/u, '');
  }

  /** Makes one attempt; the time limit ends when the response begins. */
  async open(request: ApiRequest): Promise<Response> {
    const limit = timeLimit(request.patienceMs ?? PATIENCE_MS, request.signal);
    const response = await this.#send(request, limit.signal).finally(limit.lift);
    if (response.ok) return response;
    throw refusal(asked(request), response, await response.text().catch(() => ''));
  }

  async #exchange<Body>(request: ApiRequest): Promise<Body> {
    const limit = timeLimit(request.patienceMs ?? PATIENCE_MS, request.signal);
    try {
      const response = await this.#send(request, limit.signal);
      const text = await received(response.text(), request);
      if (!response.ok) throw refusal(asked(request), response, text);
      this.#ownWrites.note(request, response);
      return parse(text, response, request) as Body;
    } finally {
      limit.lift();
    }
  }

  async #send(request: ApiRequest, signal: AbortSignal): Promise<Response> {
    request.signal?.throwIfAborted();
    const { method = 'GET', body } = request;
    const headers = { ...(await this.#authorization()), ...jsonType(body), ...request.headers };
    const init = { method, headers, signal, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const send = this.#options.fetch ?? fetch;
    return received(send(this.#address(request), init), request, this.#api());
  }

  async #authorization(): Promise<Record<string, string>> {
    const { credentials } = this.#options;
    if (credentials === undefined) return {};
    const secret = typeof credentials === 'string' ? credentials : await credentials();
    return { authorization: `Bearer ${secret}` };
  }

  #address(request: ApiRequest): URL {
    const { path } = request;
    const query: Query = { ...request.query, ...this.#ownWrites.query(request) };
    const address = new URL(`.${path}`, this.#url);
    for (const [name, value] of Object.entries(query)) {
      for (const one of Array.isArray(value) ? (value as readonly string[]) : [value]) {
        if (one !== undefined) address.searchParams.append(name, String(one));
      }
    }
    return address;
  }
}

/**
 * Awaits a network operation and maps its failure to UnavailableError, unless the caller aborted it.
 *
 * @param api its address, where the operation is the first contact with it.
 */
export async function received<Value>(arrival: Promise<Value>, request: ApiRequest, api?: string): Promise<Value> {
  try {
    return await arrival;
  } catch (cause) {
    request.signal?.throwIfAborted();
    throw new UnavailableError(`${asked(request)}: ${silence(cause, api)}`, { cause, outcomeUnknown: true });
  }
}

function silence(cause: unknown, api: string | undefined): string {
  const { code, message } = firstReason(cause);
  const reason = UNREACHABLE[code ?? ''];
  if (api === undefined || reason === undefined)
    return `no answer${api === undefined ? '' : ` from ${api}`} (${message})`;
  return `the API at ${api} cannot be reached: ${reason}. Start it, or correct the address.`;
}

function delayBeforeNext(error: unknown, tries: number, { repeatable = true }: ApiRequest): number | undefined {
  if (!(error instanceof UnavailableError)) return undefined;
  if (error.outcomeUnknown && !repeatable) return undefined;
  return retryDelay(tries, error.retryAfterMs);
}

function parse(text: string, { status }: Response, request: ApiRequest): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UnexpectedAnswerError(`${asked(request)}: the answer is not JSON`, { status, cause });
  }
}

function asked({ method = 'GET', path }: ApiRequest): string {
  return `${method} ${path}`;
}

function jsonType(body: unknown): Record<string, string> {
  return body === undefined ? {} : { 'content-type': 'application/json' };
}

/** The reason of a failed fetch: its message is always `fetch failed`; in Node the cause, or the first of its causes, has it. */
function firstReason(error: unknown): { readonly code?: string; readonly message: string } {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const first: unknown = cause instanceof AggregateError ? cause.errors[0] : cause;
  return first instanceof Error ? first : { message: String(first) };
}

/** @throws TypeError with what is expected, as when the variable that has the address is not set. */
function apiUrl(url: string): URL {
  if (typeof url === 'string' && URL.canParse(url)) return new URL(url.endsWith('/') ? url : `${url}/`);
  const got = url === undefined ? 'nothing: it is not set' : JSON.stringify(url);
  throw new TypeError(`expected the url of the API, such as http://127.0.0.1:3000, got ${got}`);
}

export interface ClientOptions extends OwnWritesOptions {
  /** The URL of the API, such as `https://jobs.example.com`. */
  readonly url: string;
  /** An API key or a token, or a function that returns one; it is called before each request, so it can renew tokens. */
  readonly credentials?: string | (() => string | Promise<string>) | undefined;
  /** How long a request is repeated while the API is unavailable or busy, in milliseconds; default 30,000, 0 for never. */
  readonly retryForMs?: number;
  /**
   * Takes the sentence that says, after two seconds, which request is tried again and why, and what the API says of a job that it has
   * accepted; default `console.warn`, which writes to standard error. False turns both off.
   */
  readonly warn?: Warn;
  /**
   * Whether `warn` gets what the API says of a job that it has accepted, such as that no worker knows its type, each sentence once;
   * default true. It is in `warnings` of the job as well.
   */
  readonly jobWarnings?: boolean;
  /** Replaces the platform's `fetch`, for example to use a proxy. */
  readonly fetch?: typeof fetch;
}

/** The options of every call. When `signal` is aborted, the call rejects with its reason. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}
