import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { fold, isTerminal } from '@jobstream/domain';
import type { Job, JobEvent, JobStatus } from '@jobstream/domain';
import { EventLog } from '@jobstream/eventlog';
import { eventually, type TestNats } from '@jobstream/testing';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { readRawLog } from '../../chaos/judge/rawLog.ts';
import { KitWriter, type KitCommand, type NewJob } from './kitWriter.ts';
import { logMessage, type LogMessage } from './logMessage.ts';
import { KIT_USER, startNatsForKit, WORKER_USER } from './startNatsForKit.ts';
import { WireTap } from './wireTap.ts';
import { workConsumers } from './workConsumers.ts';
import { WorkerUnderTest } from './workerUnderTest.ts';

/** What a scenario sets differently for its worker. */
export interface WorkerSettings {
  readonly ackWaitMs?: number;
  readonly concurrency?: number;
  readonly shutdownGraceMs?: number;
}

/** Generous, because machines are busy: nothing here is about how fast a worker is. */
const PATIENCE = { timeoutMs: 40_000, intervalMs: 50 };

/** The world of one scenario: a server of its own, the workers on it, what the kit does there, and what it sees. */
export class Stage implements AsyncDisposable {
  readonly nats: TestNats;
  readonly connection: NatsConnection;
  readonly writer: KitWriter;
  readonly tap: WireTap;
  readonly #command: string;
  readonly #workers: WorkerUnderTest[] = [];

  private constructor(command: string, nats: TestNats, connection: NatsConnection) {
    this.#command = command;
    this.nats = nats;
    this.connection = connection;
    this.writer = new KitWriter(connection);
    this.tap = new WireTap(connection);
  }

  static async open(command: string): Promise<Stage> {
    const nats = await startNatsForKit();
    const log = new EventLog({ url: nats.url, name: 'conformance', user: KIT_USER.user, password: KIT_USER.pass });
    await log.start(); // creates both streams, as the API does when it starts
    await log.stop();
    return new Stage(command, nats, await connect({ servers: nats.url, ...KIT_USER, maxReconnectAttempts: -1 }));
  }

  get workers(): readonly WorkerUnderTest[] {
    return this.#workers;
  }

  /** Starts a worker of the job type `conformance`; returns when it says that it is ready. */
  async startWorker(settings: WorkerSettings = {}): Promise<WorkerUnderTest> {
    const { ackWaitMs = 2_000, concurrency = 10, shutdownGraceMs = 10_000 } = settings;
    const worker = new WorkerUnderTest(this.#command, {
      ...process.env,
      LOG_LEVEL: 'info',
      NATS_URL: this.nats.url,
      NATS_USER: WORKER_USER.user,
      NATS_PASSWORD: WORKER_USER.pass,
      WORKER_TYPES: 'conformance',
      WORKER_CONCURRENCY: String(concurrency),
      ACK_WAIT_MS: String(ackWaitMs),
      SHUTDOWN_GRACE_MS: String(shutdownGraceMs),
    });
    this.#workers.push(worker);
    await this.eventually(async () => {
      if (worker.isOver) return;
      worker.assertReady();
      assert.equal((await workConsumers(this.connection)).length, 3, 'the worker makes its three consumers');
    });
    worker.assertReady(); // one that has ended is not waited for
    return worker;
  }

  createJob(payload: unknown, options: NewJob = {}): Promise<string> {
    return this.writer.create(payload, options);
  }

  /** Does what the API or another worker would do with a job. */
  async record(jobId: string, command: KitCommand): Promise<JobEvent> {
    const messages = await this.#messagesOf(jobId);
    const last = messages.at(-1)?.sequence ?? 0;
    return (await this.writer.record(command, { state: fold(eventsIn(messages)), sequence: last })).event;
  }

  /**
   * Takes the next message as another worker would, and returns the id of its event. The message keeps its own subject,
   * by which the library's shared inbox would not know it.
   */
  async takeMessage(): Promise<string> {
    const ask = JSON.stringify({ batch: 1, expires: 10_000_000_000 });
    const subject = '$JS.API.CONSUMER.MSG.NEXT.JOBS.worker-conformance';
    const message = await this.connection.request(subject, ask, { timeout: 15_000, noMux: true });
    return message.json<JobEvent>().id;
  }

  async log(): Promise<LogMessage[]> {
    const { messages } = await readRawLog(this.connection);
    return messages.map((message) => logMessage(message, this.writer.wrote(message.sequence)));
  }

  async events(jobId: string): Promise<readonly JobEvent[]> {
    return eventsIn(await this.#messagesOf(jobId));
  }

  /** Waits until the job is in this status, and returns its events. A job that ends otherwise is not waited for. */
  async until(jobId: string, status: JobStatus): Promise<readonly JobEvent[]> {
    const check = (events: readonly JobEvent[], found = fold(events)?.status) =>
      assert.equal(found, status, `the job should become ${status}; its events: ${namesOf(events)}`);
    const events = await this.eventually(async () => {
      const now = await this.events(jobId);
      const { status: found } = fold(now) ?? {};
      if (found === undefined || !isTerminal(found)) check(now);
      return now;
    });
    check(events);
    return events;
  }

  /** What the worker said about a job, in the order in which the server heard it: see WireTap. */
  heardOf(jobId: string): string[] {
    return this.tap.about(jobId, this.writer.sequencesOf(jobId));
  }

  async job(jobId: string): Promise<Job> {
    const job = fold(await this.events(jobId));
    assert.ok(job, 'the job exists');
    return job;
  }

  /** Waits until no message waits or is in anybody's hands. */
  async settled(): Promise<void> {
    await this.eventually(async () => {
      for (const { name, num_pending, num_ack_pending } of await workConsumers(this.connection)) {
        assert.equal(num_pending + num_ack_pending, 0, `messages of ${name} that nobody has answered for good`);
      }
    });
    await this.connection.flush(); // what the server took so far has reached the tap as well
  }

  /** Lets time pass where only time can bring something about. */
  worldStandsStill(ms: number): Promise<void> {
    return pause(ms);
  }

  eventually<Result>(assertion: () => Promise<Result>): Promise<Result> {
    return eventually(assertion, PATIENCE);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.kill()));
    await this.connection.close();
    await this.nats[Symbol.asyncDispose]();
  }

  async #messagesOf(jobId: string): Promise<LogMessage[]> {
    return (await this.log()).filter(({ subject }) => subject.split('.')[2] === jobId);
  }
}

export function namesOf(events: readonly JobEvent[]): string {
  return events.map(({ event }) => event).join(' ');
}

function eventsIn(messages: readonly LogMessage[]): JobEvent[] {
  return messages.flatMap(({ event }) => event ?? []);
}
