export interface LoggedEvent {
  sequence: number;
  event: string;
  at: string;
  version: number;
  data?: unknown;
}

export interface JobView {
  id: string;
  status: string;
  attempt?: number;
  error?: { message?: string } | null;
}

/** The API could not be asked, or answered with an error. */
export class ApiError extends Error {
  readonly code = 'API_ERROR';
}

export interface ApiClient {
  createJob(job: { type: string; payload: unknown }): Promise<JobView>;
  getJob(id: string): Promise<JobView>;
  getEvents(id: string): Promise<LoggedEvent[]>;
}

const timeoutMs = 10_000;
const contentType = { 'content-type': 'application/json' };

/** The calls of the HTTP API that the demo makes, with a key if given; every failure is an ApiError of one sentence. */
export function apiClient(baseUrl: string, key?: string): ApiClient {
  const authorization: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` };
  const call = async (path: string, init: RequestInit = {}): Promise<unknown> => {
    const response = await reach(baseUrl, path, { ...init, headers: { ...authorization, ...contentType } });
    const body: unknown = await response.json().catch(() => undefined);
    if (response.ok && body !== undefined) return body;
    const title = isRecord(body) && typeof body['title'] === 'string' ? `: ${body['title']}` : '';
    throw new ApiError(`${init.method ?? 'GET'} ${path} at ${baseUrl} was answered with ${response.status}${title}.`);
  };
  return {
    createJob: (job) => call('/api/jobs', { method: 'POST', body: JSON.stringify(job) }) as Promise<JobView>,
    getJob: (id) => call(`/api/jobs/${id}`) as Promise<JobView>,
    getEvents: async (id) => ((await call(`/api/jobs/${id}/events`)) as { items: LoggedEvent[] }).items,
  };
}

async function reach(baseUrl: string, path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(new URL(path, baseUrl), { ...init, signal: AbortSignal.timeout(timeoutMs) });
  } catch (cause) {
    const reason = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
    const text = reason instanceof AggregateError ? 'connection refused' : String(reason).replace(/^\w*Error: /, '');
    throw new ApiError(`The API at ${baseUrl} cannot be reached (${text}): is the system running?`, { cause });
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
