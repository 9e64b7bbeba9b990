import { randomUUID } from 'node:crypto';
import { decide, isRejection } from '@jobstream/domain';
import type { JobCommand, JobCommandOf, JobEvent, JobStatus } from '@jobstream/domain';
import { EventLog } from '@jobstream/eventlog';
import type { JobSnapshot } from '@jobstream/eventlog';
import { eventually } from '@jobstream/testing';

type Envelope = 'eventId' | 'at' | 'actor';
type WithoutEnvelope<Command> = Command extends JobCommand ? Omit<Command, Envelope> : never;
type CreateFields = Partial<Omit<JobCommandOf<'CreateJob'>, 'kind' | Envelope>>;

/** The event log as a test uses it: to create jobs, to do to them what others would do, and to look at them. */
export class TestLog implements AsyncDisposable {
  readonly eventLog: EventLog;

  private constructor(eventLog: EventLog) {
    this.eventLog = eventLog;
  }

  static async open(url: string): Promise<TestLog> {
    const eventLog = new EventLog({ url, name: 'test', deadlineMs: 30_000 });
    await eventLog.start();
    return new TestLog(eventLog);
  }

  /** Creates a job and returns its JobCreated. */
  async create(jobType: string, fields: CreateFields = {}): Promise<JobEvent> {
    return this.#append(undefined, {
      kind: 'CreateJob',
      jobId: randomUUID(),
      jobType,
      payload: {},
      maxAttempts: 3,
      backoff: { type: 'fixed', delayMs: 100 },
      timeoutMs: 60_000,
      tags: [],
      ...fields,
    });
  }

  /** Does to a job what another process might do. */
  async act(jobId: string, command: WithoutEnvelope<JobCommand>): Promise<JobEvent> {
    return this.#append(await this.eventLog.readJob(jobId), command);
  }

  async history(jobId: string): Promise<JobEvent[]> {
    return (await this.eventLog.readHistory(jobId)).map(({ event }) => event);
  }

  /** `['JobCreated', 'JobStarted 1', …]`: the events, and the attempts that they speak of. */
  async story(jobId: string): Promise<string[]> {
    const events = await this.history(jobId);
    return events.map(({ event, data }) => ('attempt' in data ? `${event} ${data.attempt}` : event));
  }

  /** Waits until the job has a status, and tells its story up to then. */
  async storyUntil(jobId: string, status: JobStatus): Promise<string[]> {
    await eventually(() => this.#assertStatus(jobId, status), { timeoutMs: 40_000 });
    return this.story(jobId);
  }

  async #assertStatus(jobId: string, status: JobStatus): Promise<void> {
    const snapshot = await this.eventLog.readJob(jobId);
    if (snapshot?.job.status === status) return;
    const story = await this.story(jobId);
    throw new Error(`expected the job to be ${status}, but it is ${snapshot?.job.status}: ${story.join(', ')}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.eventLog.stop();
  }

  async #append(snapshot: JobSnapshot | undefined, command: WithoutEnvelope<JobCommand>): Promise<JobEvent> {
    const envelope = {
      eventId: randomUUID(),
      at: new Date().toISOString(),
      actor: { kind: 'user', id: 'test' },
    } as const;
    const decision = decide({ ...command, ...envelope }, snapshot?.job);
    if (isRejection(decision)) throw new Error(decision.detail);
    await this.eventLog.append(decision, snapshot?.sequence ?? 0);
    return decision;
  }
}
