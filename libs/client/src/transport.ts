import type { CallOptions, ClientOptions } from './clientOptions.ts';
import { UnavailableError, UnexpectedAnswerError } from './errors.ts';
import { pause } from './pause.ts';
import { refusal } from './refusal.ts';
import { retryDelay } from './pause.ts';
import { timeLimit } from './timeLimit.ts';

export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

export interface ApiRequest extends CallOptions {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly query?: Query;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether sending it twice does what sending it once does; so unless told. */
  readonly repeatable?: boolean;
  /** How long one try may take, in milliseconds. */
  readonly patienceMs?: number;
}

/** Twice what the API promises to take at most. */
const PATIENCE_MS = 10_000;
const RETRY_FOR_MS = 30_000;

/** Sends requests to the API, again and again where that is safe, and turns what is no success into errors. */
export class Transport {
  readonly retryForMs: number;
  readonly #options: ClientOptions;
  readonly #url: URL;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#url = new URL(options.url.endsWith('/') ? options.url : `${options.url}/`);
    this.retryForMs = options.retryForMs ?? RETRY_FOR_MS;
  }

  /** The parsed body of the answer; undefined if it has none. */
  async ask<Body>(request: ApiRequest): Promise<Body> {
    const deadline = Date.now() + this.retryForMs;
    for (let tries = 1; ; tries++) {
      try {
        return await this.#exchange<Body>(request);
      } catch (error) {
        const delay = delayBeforeNext(error, tries, request);
        if (delay === undefined || Date.now() + delay > deadline) throw error;
        await pause(delay, request.signal);
      }
    }
  }

  /** One try, whose answer is still being received: the time limit is for its beginning only. */
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
    return received(send(this.#address(request), init), request);
  }

  async #authorization(): Promise<Record<string, string>> {
    const { credentials } = this.#options;
    if (credentials === undefined) return {};
    const secret = typeof credentials === 'string' ? credentials : await credentials();
    return { authorization: `Bearer ${secret}` };
  }

  #address({ path, query = {} }: ApiRequest): URL {
    const address = new URL(`.${path}`, this.#url);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) address.searchParams.set(name, String(value));
    }
    return address;
  }
}

/** What a promise of the network brings; UnavailableError when it breaks, unless it was the caller who broke it. */
export async function received<Value>(arrival: Promise<Value>, request: ApiRequest): Promise<Value> {
  try {
    return await arrival;
  } catch (cause) {
    request.signal?.throwIfAborted();
    throw new UnavailableError(`${asked(request)}: no answer (${reasonOf(cause)})`, { cause, outcomeUnknown: true });
  }
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

/** `fetch failed` says nothing; in Node the cause does, and for a name with several addresses the first of its causes. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const first: unknown = cause instanceof AggregateError ? cause.errors[0] : cause;
  return first instanceof Error ? first.message : String(first);
}
