import { setTimeout as pause } from 'node:timers/promises';

export interface ApiAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface ApiRequest {
  readonly path: string;
  readonly body?: object;
  readonly key?: string | undefined;
  /** Whether the request may be sent again when its outcome is unknown. */
  readonly repeatable: boolean;
}

/** More than the five seconds in which the API promises an answer, for a process that is frozen. */
const PATIENCE_MS = 7_000;
const RETRY_PAUSE_MS = 200;
const GIVE_UP_AFTER_MS = 180_000;

/** A client as any user would write it: two addresses, one after the other, and again as long as that is safe. */
export class ApiClient {
  readonly #apis: readonly string[];
  #turn = 0;

  constructor(apis: readonly string[]) {
    this.#apis = apis;
  }

  /** The first answer that settles the request, or undefined when its outcome stays unknown. */
  async request(request: ApiRequest): Promise<ApiAnswer | undefined> {
    const deadline = Date.now() + GIVE_UP_AFTER_MS;
    while (Date.now() < deadline) {
      const outcome = await this.#try(request);
      if (typeof outcome === 'object') return outcome;
      if (outcome === 'unknown' && !request.repeatable) return undefined;
      await pause(RETRY_PAUSE_MS);
    }
    return undefined;
  }

  /** `unsent`: certainly without effect. `unknown`: it may have had one. */
  async #try({ path, body, key }: ApiRequest): Promise<ApiAnswer | 'unsent' | 'unknown'> {
    const api = this.#apis[this.#turn++ % this.#apis.length] ?? '';
    try {
      const response = await fetch(`${api}${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: { 'content-type': 'application/json', ...(key === undefined ? {} : { 'idempotency-key': key }) },
        body: body === undefined ? null : JSON.stringify(body),
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      const answer = { status: response.status, body: (await response.json()) as ApiAnswer['body'] };
      if (answer.status === 429) return 'unsent';
      return answer.status >= 500 ? 'unknown' : answer;
    } catch (error) {
      return isRefused(error) ? 'unsent' : 'unknown';
    }
  }
}

function isRefused(error: unknown): boolean {
  const cause = (error as { cause?: { code?: string } }).cause;
  return cause?.code === 'ECONNREFUSED';
}
