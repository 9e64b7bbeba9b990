import { eventually } from '@jobstream/testing';

export interface JobView {
  readonly id: string;
  readonly type: string;
  readonly status: string;
  readonly attempt: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

export interface EventView {
  readonly event: string;
  readonly at: string;
  readonly sequence: number;
  readonly data: { readonly attempt?: number; readonly retryAt?: string };
}

/** The few calls of the HTTP API that these tests make, as any client would make them. */
export function jobsClient(api: string) {
  const get = async <Body>(path: string): Promise<Body> => (await fetch(`${api}${path}`)).json() as Promise<Body>;
  const post = (body: unknown) =>
    fetch(`${api}/api/jobs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  const job = (id: string) => get<JobView>(`/api/jobs/${id}`);
  return {
    post,
    job,
    create: async (body: unknown) => (await (await post(body)).json()) as JobView,
    events: async (id: string) => (await get<{ items: EventView[] }>(`/api/jobs/${id}/events`)).items,
    list: (query: string) => get<{ items: JobView[]; nextCursor?: string }>(`/api/jobs?${query}`),
    /** Waits until the job has one of the statuses. */
    async reaches(id: string, ...statuses: string[]): Promise<JobView> {
      await eventually(
        async () => {
          const { status } = await job(id);
          if (!statuses.includes(status)) throw new Error(`the job is ${status}`);
        },
        { timeoutMs: 60_000 },
      );
      return job(id);
    },
  };
}
