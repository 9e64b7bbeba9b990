import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fold, isTerminal, type Job, type JobEvent, type JobState, type JobStatus, laneOf } from '@jobstream/domain';
import type { LoggedEvent } from '@jobstream/domain';
import { EventLog } from '@jobstream/eventlog';
import { repositoryRoot } from '@jobstream/servers';
import { eventually, startNats, type TestNats } from '@jobstream/test-support';
import { connect, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { readRawLog } from '../../harness/rawLog.ts';
import { type KitCommand, KitWriter, type NewJob } from './kitWriter.ts';
import {
  createWorkConsumers,
  type LateLane,
  pauseNewJobs,
  removeWorkConsumers,
  workConsumers,
} from './workConsumers.ts';
import { logMessage, type LogMessage } from './logMessage.ts';
import { WireTap } from './wireTap.ts';
import { SkewedServer } from './skewedServer.ts';
import { WorkerUnderTest } from './workerUnderTest.ts';

const USERS = path.join(repositoryRoot, 'deploy', 'nats', 'users.conf');

/** A user with all permissions: the kit takes every part but that of the worker. */
const KIT_USER = { user: 'kit', pass: 'of the kit' } as const;
/** The worker's user, with the permissions of workers in a deployment and no others. */
/** What the worker may announce as the version of its program. */
const RELEASE = 'conformance-1';
const WORKER_USER = { user: 'worker', pass: 'of the worker' } as const;

/** What a scenario sets differently for its worker. */
export interface WorkerSettings {
  readonly ackWaitMs?: number;
  readonly concurrency?: number;
  readonly shutdownGraceMs?: number;
  /** A sleep that has more left ends its run. */
  readonly slotWaitMs?: number;
  /** How far its clock is ahead of what the server says, negative if behind; default 0. */
  readonly clockAheadHours?: number;
  /** Whether the kit leaves it to the scenario to create the consumers, which the API does in a deployment. */
  readonly withoutConsumers?: boolean;
}

const ACK_WAIT_MS = 2_000;
/** Short, so that the kit need not wait long for what waits without a worker. */
const SLOT_WAIT_MS = 200;
/** Longer than anything is done while new jobs are paused. */
const PAUSE_MS = 600_000;
/** A pause ends by itself only if its end is not past when the server gets it. */
const RESUMED_AFTER_MS = 100;

/** Generous, because machines are busy: no scenario is about how fast a worker is. */
const TIMEOUT = { timeoutMs: 90_000, intervalMs: 50 };

/** What one scenario runs on: a server of its own, the workers under test, and what the kit writes and observes. */
export class Testbed implements AsyncDisposable {
  readonly nats: TestNats;
  readonly connection: NatsConnection;
  readonly writer: KitWriter;
  readonly tap: WireTap;
  readonly #command: string;
  readonly #workers: WorkerUnderTest[] = [];
  readonly #skewed: SkewedServer[] = [];

  private constructor(command: string, nats: TestNats, connection: NatsConnection) {
    this.#command = command;
    this.nats = nats;
    this.connection = connection;
    this.writer = new KitWriter(connection);
    this.tap = new WireTap(connection);
  }

  static async open(command: string): Promise<Testbed> {
    const nats = await startNatsForKit();
    const log = new EventLog({ url: nats.url, name: 'conformance', user: KIT_USER.user, password: KIT_USER.pass });
    await log.start(); // creates both streams, as the API does when it starts
    await log.stop();
    return new Testbed(command, nats, await connect({ servers: nats.url, ...KIT_USER, maxReconnectAttempts: -1 }));
  }

  get workers(): readonly WorkerUnderTest[] {
    return this.#workers;
  }

  /** Starts a worker of the job type `conformance`; returns when it says that it is ready. */
  async startWorker(settings: WorkerSettings = {}): Promise<WorkerUnderTest> {
    const { ackWaitMs = ACK_WAIT_MS, concurrency = 10, shutdownGraceMs = 10_000, clockAheadHours = 0 } = settings;
    const { slotWaitMs = SLOT_WAIT_MS } = settings;
    if (settings.withoutConsumers !== true) await createWorkConsumers(this.connection, ackWaitMs);
    const worker = new WorkerUnderTest(this.#command, {
      ...process.env,
      LOG_LEVEL: 'info',
      NATS_URL: await this.#urlFor(clockAheadHours),
      NATS_USER: WORKER_USER.user,
      NATS_PASSWORD: WORKER_USER.pass,
      WORKER_TYPES: 'conformance',
      JOBSTREAM_RELEASE: RELEASE,
      WORKER_CONCURRENCY: String(concurrency),
      ACK_WAIT_MS: String(ackWaitMs),
      SHUTDOWN_GRACE_MS: String(shutdownGraceMs),
      SLOT_WAIT_MS: String(slotWaitMs),
    });
    this.#workers.push(worker);
    if (settings.withoutConsumers === true) return worker;
    await this.eventually(async () => {
      if (!worker.isOver) worker.assertReady();
    });
    worker.assertReady(); // fails if it has ended
    return worker;
  }

  /** Does what the API does when a type is announced, or its first job is created. */
  createConsumers(): Promise<void> {
    return createWorkConsumers(this.connection, ACK_WAIT_MS);
  }

  /** Does what the API does when no worker of the type has reported for a while. */
  removeConsumers(): Promise<void> {
    return removeWorkConsumers(this.connection);
  }

  /** Does something while no worker gets a new job. The server serves waiting workers when a pause ends by itself. */
  async whilePaused<Result>(work: () => Promise<Result>): Promise<Result> {
    await pauseNewJobs(this.connection, new Date(Date.now() + PAUSE_MS));
    const result = await work();
    await pauseNewJobs(this.connection, new Date(Date.now() + RESUMED_AFTER_MS));
    return result;
  }

  /** Creates the consumers of a priority, or of signals, as the API does before it stores the first such event of a type. */
  openLane(lane: LateLane): Promise<void> {
    return createWorkConsumers(this.connection, ACK_WAIT_MS, lane);
  }

  async createJob(payload: unknown, options: NewJob = {}): Promise<string> {
    const lane = laneOf(options.priority);
    if (lane !== undefined) await this.openLane(lane);
    return this.writer.create(payload, options);
  }

  /** Does what the API or another worker would do with a job, now or at the instant `now`, RFC 3339. */
  async record(jobId: string, command: KitCommand, now?: string): Promise<JobEvent> {
    const messages = await this.#messagesOf(jobId);
    const last = messages.at(-1)?.sequence ?? 0;
    return (await this.writer.record(command, { state: stateOf(messages), sequence: last, now })).event;
  }

  /** Sends a signal, as the API does, and returns its id; `now` is when, RFC 3339. */
  async signal(jobId: string, name: string, payload: unknown, now?: string): Promise<string> {
    await this.openLane('signalled');
    return (await this.record(jobId, { kind: 'SignalJob', name, payload }, now)).id;
  }

  /**
   * Takes the next message as another worker would, and returns the id of its event. The message keeps its own subject,
   * by which the library's shared inbox would not know it.
   */
  async takeMessage(): Promise<string> {
    return (await this.#take('JOBS.worker-conformance')).json<JobEvent>().id;
  }

  /** Takes the next timer as another worker would. */
  async takeTimer(): Promise<void> {
    await this.#take('TIMERS.due-conformance');
  }

  #take(consumer: string): Promise<Msg> {
    const ask = JSON.stringify({ batch: 1, expires: 10_000_000_000 });
    const subject = `$JS.API.CONSUMER.MSG.NEXT.${consumer}`;
    return this.connection.request(subject, ask, { timeout: 15_000, noMux: true });
  }

  async log(): Promise<LogMessage[]> {
    const { messages } = await readRawLog(this.connection);
    return messages.map((message) => logMessage(message, this.writer.wrote(message.sequence)));
  }

  async events(jobId: string): Promise<readonly JobEvent[]> {
    return eventsIn(await this.#messagesOf(jobId));
  }

  /** Waits until the job is in this status, and returns its events. Rejects at once when the job ends in another. */
  async reaches(jobId: string, status: JobStatus): Promise<readonly JobEvent[]> {
    const check = (messages: readonly LogMessage[], found = stateOf(messages)?.status) =>
      assert.equal(found, status, `the job should become ${status}; its events: ${namesOf(eventsIn(messages))}`);
    const messages = await this.eventually(async () => {
      const now = await this.#messagesOf(jobId);
      const { status: found } = stateOf(now) ?? {};
      if (found === undefined || !isTerminal(found)) check(now);
      return now;
    });
    check(messages);
    return eventsIn(messages);
  }

  /** Waits until the job has failed; asserts in which attempt and for what reason. */
  async failsWith(jobId: string, attempt: number, reason: string): Promise<void> {
    const [created, ...events] = await this.reaches(jobId, 'failed');
    const failed = events.at(-1);
    assert.ok(failed?.event === 'JobFailed');
    assert.deepEqual([failed.data.attempt, failed.data.reason], [attempt, reason], JSON.stringify(created?.data));
  }

  /** What the worker sent about a job, in the order in which the server received it: see WireTap. */
  heardOf(jobId: string): string[] {
    return this.tap.about(jobId, this.writer.sequencesOf(jobId));
  }

  async job(jobId: string): Promise<Job> {
    const job = stateOf(await this.#messagesOf(jobId));
    assert.ok(job, 'the job exists');
    return job;
  }

  /** Waits until no message is pending or unacknowledged. */
  async untilIdle(): Promise<void> {
    await this.eventually(async () => {
      for (const { name, num_pending, num_ack_pending } of await workConsumers(this.connection)) {
        assert.equal(num_pending + num_ack_pending, 0, `messages of ${name} that are not settled`);
      }
    });
    await this.connection.flush(); // so that the tap has all that the server received so far
  }

  /** Waits where only time can bring something about. */
  wait(ms: number): Promise<void> {
    return pause(ms);
  }

  eventually<Result>(assertion: () => Promise<Result>): Promise<Result> {
    return eventually(assertion, TIMEOUT);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.kill()));
    await Promise.all(this.#skewed.map((server) => server[Symbol.asyncDispose]()));
    await this.connection.close();
    await this.nats[Symbol.asyncDispose]();
  }

  /** The server's address, for a worker whose clock is ahead of what the server says there. */
  async #urlFor(clockAheadHours: number): Promise<string> {
    if (clockAheadHours === 0) return this.nats.url;
    const skewed = await SkewedServer.start(Number(new URL(this.nats.url).port), clockAheadHours);
    this.#skewed.push(skewed);
    return `nats://127.0.0.1:${skewed.port}`;
  }

  async #messagesOf(jobId: string): Promise<LogMessage[]> {
    return (await this.log()).filter(({ subject }) => subject.split('.')[2] === jobId);
  }
}

export function namesOf(events: readonly JobEvent[]): string {
  return events.map(({ event }) => event).join(' ');
}

function stateOf(messages: readonly LogMessage[]): JobState {
  return fold(messages.flatMap(({ event, newer }): readonly LoggedEvent[] => [event ?? newer ?? []].flat()));
}

function eventsIn(messages: readonly LogMessage[]): JobEvent[] {
  return messages.flatMap(({ event }) => event ?? []);
}

/** A nats-server with the users of a deployment, and one more for the kit. */
async function startNatsForKit(): Promise<TestNats> {
  const users = await readFile(USERS, 'utf8');
  const extraConfig = users
    .replaceAll(/\$NATS_(\w+)_PASSWORD/g, (_variable, user: string) => JSON.stringify(`of the ${user.toLowerCase()}`))
    .replace('users: [', `users: [{ user: ${KIT_USER.user}, password: ${JSON.stringify(KIT_USER.pass)} }`);
  return startNats({ extraConfig });
}
