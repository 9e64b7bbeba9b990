import { randomUUID } from 'node:crypto';
import type { JobEvent } from '@jobstream/domain';
import type { TestApi } from './startApi.ts';

interface FailingJob {
  readonly type: string;
  /** Of its error. */
  readonly message: string;
  readonly payload?: unknown;
  readonly key?: string;
}

/** Creates a job and lets its first attempt fail, as a worker would; returns its id. */
export async function failJob(api: TestApi, { type, message, payload, key }: FailingJob): Promise<string> {
  const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
  const { id: jobId } = (await (await api.post('/api/jobs', { type, payload }, headers)).json()) as { id: string };
  const { sequence = 0, job } = (await api.log.readJob(jobId)) ?? {};
  const tenant = job?.tenant === undefined ? {} : { tenant: job.tenant };
  const actor = { kind: 'worker', id: 'w' } as const;
  const common = { v: 1, jobId, jobType: type, at: new Date().toISOString(), actor, ...tenant } as const;
  const error = { name: 'SmtpError', message, code: 'E452' };
  const events: JobEvent[] = [
    { ...common, id: randomUUID(), version: 2, event: 'JobStarted', data: { attempt: 1, worker: 'w' } },
    {
      ...common,
      id: randomUUID(),
      version: 3,
      event: 'JobFailed',
      data: { attempt: 1, error, reason: 'unrecoverable' },
    },
  ];
  let last = sequence;
  for (const event of events) last = await api.log.append(event, last);
  return jobId;
}
