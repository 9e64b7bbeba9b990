import { randomUUID } from 'node:crypto';
import { decide, isRejection } from '@jobstream/domain';
import type { JobCommand, JobCommandOf, JobEvent, JobStatus } from '@jobstream/domain';
import { EventLog } from '@jobstream/eventlog';
import type { EventLogOptions, JobSnapshot } from '@jobstream/eventlog';
import type { AnyLog } from '@jobstream/eventlog/testing/logStages';
import { eventually } from '@jobstream/test-support';

type Envelope = 'eventId' | 'at' | 'actor';
type WithoutEnvelope<Command> = Command extends JobCommand ? Omit<Command, Envelope> : never;
type CreateFields = Partial<Omit<JobCommandOf<'CreateJob'>, 'kind' | Envelope>>;

/** The time that a test waits in. */
interface TestTime {
  readonly now: () => number;
  /** Waits until an assertion holds. */
  readonly until: (assertion: () => unknown) => Promise<unknown>;
}

const realTime: TestTime = { now: Date.now, until: (assertion) => eventually(assertion) };

/** The event log as a test uses it: to create jobs, to do to them what others would do, and to look at them. */
export class TestLog<Log extends AnyLog = EventLog> implements AsyncDisposable {
  readonly eventLog: Log;
  readonly #time: TestTime;

  constructor(eventLog: Log, time = realTime) {
    this.eventLog = eventLog;
    this.#time = time;
  }

  static async open(url: string, options: Partial<EventLogOptions> = {}): Promise<TestLog> {
    const eventLog = new EventLog({ url, name: 'test', deadlineMs: 30_000, ...options });
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

  createMany(count: number, jobType: string, fields: CreateFields = {}): Promise<JobEvent[]> {
    return Promise.all(Array.from({ length: count }, () => this.create(jobType, fields)));
  }

  /** Does to a job what another process might do. */
  async act(jobId: string, command: WithoutEnvelope<JobCommand>): Promise<JobEvent> {
    return this.#append(await this.eventLog.readJob(jobId), command);
  }

  async history(jobId: string): Promise<JobEvent[]> {
    return (await this.eventLog.readHistory(jobId)).map(({ event }) => event);
  }

  /** `['JobCreated', 'JobStarted 1', …]`: the events of a job, and the attempts that they name. */
  async story(jobId: string): Promise<string[]> {
    return (await this.history(jobId)).map(lineOf);
  }

  /** The events of all jobs by their id, in one pass over the log: for tests with many jobs. */
  async histories(): Promise<Map<string, JobEvent[]>> {
    const end = await this.eventLog.lastSequence();
    const events: JobEvent[] = [];
    for await (const entries of this.eventLog.follow({ after: 0 })) {
      for (const entry of entries) if (entry.kind === 'event') events.push(entry.event);
      if ((entries.at(-1)?.sequence ?? 0) >= end) break;
    }
    return Map.groupBy(events, ({ jobId }) => jobId);
  }

  async stories(): Promise<Map<string, string[]>> {
    const histories = await this.histories();
    return new Map([...histories].map(([jobId, events]) => [jobId, events.map(lineOf)]));
  }

  /** Waits until the job has a status, and returns its story up to then. */
  async storyUntil(jobId: string, status: JobStatus): Promise<string[]> {
    await this.until(jobId, status);
    return this.story(jobId);
  }

  /** Waits until each of the jobs has a status that it keeps meanwhile. */
  async untilAll(jobs: readonly { readonly jobId: string }[], status: JobStatus): Promise<void> {
    for (const { jobId } of jobs) await this.until(jobId, status);
  }

  async until(jobId: string, status: JobStatus): Promise<void> {
    const reached = async () => {
      const { status: found, error } = (await this.eventLog.readJob(jobId))?.job ?? {};
      const why = error === undefined ? '' : ` (${error.name}: ${error.message})`;
      if (found !== status) throw new Error(`expected the job to be ${status}, but it is ${found}${why}`);
    };
    await this.#time.until(reached).catch(async (error: Error) => {
      throw new Error(`${error.message}: ${(await this.story(jobId)).join(', ')}`);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.eventLog.stop();
  }

  async #append(snapshot: JobSnapshot | undefined, command: WithoutEnvelope<JobCommand>): Promise<JobEvent> {
    const envelope = {
      eventId: randomUUID(),
      at: new Date(this.#time.now()).toISOString(),
      actor: { kind: 'user', id: 'test' },
    } as const;
    const decision = decide({ ...command, ...envelope }, snapshot?.job);
    if (isRejection(decision)) throw new Error(decision.detail);
    await this.eventLog.append(decision, snapshot?.sequence ?? 0);
    return decision;
  }
}

function lineOf({ event, data }: JobEvent): string {
  return 'attempt' in data ? `${event} ${data.attempt}` : event;
}
