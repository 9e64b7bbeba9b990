import { type Job, type JobStatus, JobstreamClient, type NewJob } from '@jobstream/client';
import { eventually } from '@jobstream/test-support';

/** An event without its name being known: what most of them have. */
interface EventView {
  readonly event: string;
  readonly at: string;
  readonly sequence: number;
  readonly data: { readonly attempt?: number; readonly retryAt?: string };
}

interface JobsClientOptions {
  /** As in the client; default two minutes, for a busy machine. */
  readonly retryForMs?: number;
}

/** The client, as these tests like it: it has a way past what it checks. With a key if given. */
export function jobsClient(api: string, key?: string, { retryForMs = 120_000 }: JobsClientOptions = {}) {
  const authorization: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` };
  const client = { url: api, retryForMs, jobWarnings: false, ...(key === undefined ? {} : { credentials: key }) };
  const { jobs } = new JobstreamClient(client);
  return {
    /** Sends any body, and hands out whatever is answered. */
    post: (body: unknown) =>
      fetch(`${api}/api/jobs`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...authorization },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    job: (id: string) => jobs.get(id),
    create: (body: object) => jobs.create(body as NewJob),
    events: async (id: string) => (await jobs.history(id)) as readonly EventView[],
    list: (query: string) => jobs.listPage(Object.fromEntries(new URLSearchParams(query))),
    /** Waits until the job has one of the statuses. */
    reaches: (id: string, ...statuses: readonly JobStatus[]): Promise<Job> =>
      eventually(async () => {
        const job = await jobs.get(id);
        if (!statuses.includes(job.status)) throw new Error(`the job is ${job.status}`);
        return job;
      }),
  };
}
