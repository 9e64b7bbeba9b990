import {
  ConflictError,
  type CreatedJob,
  hasEnded,
  NotFoundError,
  type EnqueuedJob,
  type EnqueueOptions,
  type Job,
  type JobDefinition,
  type JobEvent,
  type JobStep,
  type LogLine,
  type PayloadInput,
  type Priority,
  type RerunOptions,
  type RetryOptions,
  type ResultOutput,
} from '@jobstream/client';
import { RegisteredHandlers, silentLogger, type JobEvent as LogEvent } from '@jobstream/worker/test-engine';
import { appendCreation } from './appendCreation.ts';
import { changeJob } from './changeJob.ts';
import type { CrashPoint } from './system/crashableLog.ts';
import type { Duration } from '@jobstream/worker';
import { millisecondsOf } from '@jobstream/worker/test-engine';
import { assertEnqueued, refuteEnqueued, resultOf } from './enqueuedJobs.ts';
import { eventView, idOf, type JobOrId, stepView } from './jobViews.ts';
import { JobExpectation, type JobMatch } from './jobExpectation.ts';
import { assertPriority, changedPayload, creationOf, type NewJob, optionsLike } from './newJob.ts';
import { MemorySystem } from './system/memorySystem.ts';
import { RealSystem } from './system/realSystem.ts';
import { signalPayload } from './signalPayload.ts';
import { instantOf, type ScheduleOptions, type TestJobstreamOptions } from './testOptions.ts';
import type { TestSystem } from './system/testSystem.ts';
import { ticksOf } from './system/ticks.ts';
import { UniqueKeys } from './uniqueKeys.ts';

/** A Jobstream for one test; made by `testJobstream`. */
export class TestJobstream implements AsyncDisposable {
  readonly #system: TestSystem;
  /** The ids of all jobs, in the order in which they were enqueued. */
  readonly #created: string[] = [];
  /** The definitions of the jobs, by type. */
  readonly #definitions = new Map<string, JobDefinition>();
  readonly #keys: UniqueKeys;
  #stopped: Promise<void> | undefined;

  private constructor(system: TestSystem) {
    this.#system = system;
    this.#keys = new UniqueKeys(system);
  }

  /** See `testJobstream`. */
  static async start(options: TestJobstreamOptions): Promise<TestJobstream> {
    const { concurrency = 10, ackWaitMs = 10_000, logger = silentLogger } = options;
    const { real = false, startAt = new Date(), patienceMs = 1_000 } = options;
    const handlers = new RegisteredHandlers();
    options.handlers(handlers);
    const settings = { handlers, concurrency, ackWaitMs, logger };
    if (real) return new TestJobstream(await RealSystem.start(settings));
    return new TestJobstream(new MemorySystem({ ...settings, patienceMs, startAt: instantOf(startAt) }));
  }

  /** The time of the clock that `advance` moves. */
  now(): Date {
    return new Date(this.#system.now());
  }

  /**
   * Creates a job, as `JobstreamClient.enqueue` does and with the same checks; code that takes a client to enqueue takes this
   * object as well. It runs with the next `drain` or `advance`. With `unique`, a job that holds the key is returned, and `existing`.
   *
   * @throws PayloadError, InvalidRequestError
   */
  async enqueue<Definition extends JobDefinition>(
    definition: Definition,
    payload: PayloadInput<Definition>,
    options: EnqueueOptions = {},
  ): Promise<EnqueuedJob<ResultOutput<Definition>>> {
    return this.#enqueued<ResultOutput<Definition>>(await this.#create({ definition, payload, options }));
  }

  /**
   * Creates a job of the definition at each time of a cron expression that `advance` moves the clock past, as a schedule does,
   * until the test ends. They have the tag `schedule:<name>`; `jobs(definition)` returns them.
   *
   * @throws TypeError when the expression or the time zone makes no sense; PayloadError, InvalidRequestError; Error on a real
   * server.
   * @example
   * await t.schedule(report, {}, { cron: '0 3 * * *', timeZone: 'Europe/Berlin' });
   * await t.advance('1w');
   */
  async schedule<Definition extends JobDefinition>(
    definition: Definition,
    payload: PayloadInput<Definition>,
    { cron, timeZone = 'UTC', name = definition.type, tags = [], ...rule }: ScheduleOptions,
  ): Promise<void> {
    const job = { definition, payload, options: { ...rule, tags: [...tags, `schedule:${name}`] }, schedule: name };
    const ticks = ticksOf(cron, timeZone);
    await creationOf(job, this.#system.now());
    this.#system.onTick(ticks, async () => void (await this.#create(job)));
  }

  /**
   * Runs the jobs that are due, and what they lead to, until nothing is due.
   *
   * @throws Error when a handler goes on for longer than `patienceMs`.
   */
  drain(): Promise<void> {
    return this.#system.drain(this.#created);
  }

  /**
   * Moves the clock, and runs what becomes due on the way, in the order of time: delayed jobs, retries, time-outs, the jobs of
   * schedules and of crashed workers.
   *
   * @param duration milliseconds, or text such as `90s` or `3d`.
   */
  async advance(duration: Duration): Promise<void> {
    await this.#system.advance(millisecondsOf(duration));
  }

  /**
   * Crashes the worker the next time that it is at this point: what it held is given to another worker after `ackWaitMs`.
   * The handlers that run are not ended, but the log learns nothing of them any more.
   *
   * @example
   * t.crashWorker('before JobCompleted'); // the work was done, and nobody knows
   */
  crashWorker(point: CrashPoint): void {
    this.#system.crashAt(point);
  }

  /** @throws NotFoundError */
  async job(job: JobOrId): Promise<Job> {
    const snapshot = await this.#system.log.readJob(idOf(job));
    if (snapshot === undefined) throw new NotFoundError(`there is no job ${idOf(job)}`, { status: 404 });
    return snapshot.job;
  }

  /** Returns all jobs that were enqueued, or those of a definition, oldest first. */
  async jobs(definition?: JobDefinition): Promise<readonly Job[]> {
    const jobs = await Promise.all(this.#created.map((id) => this.job(id)));
    return definition === undefined ? jobs : jobs.filter(({ type }) => type === definition.type);
  }

  /** Cancels a job. Cancelling twice is allowed. @throws ConflictError when the job has ended otherwise. */
  cancel(job: JobOrId, { reason }: { readonly reason?: string } = {}): Promise<void> {
    return changeJob(idOf(job), { kind: 'CancelJob', ...(reason === undefined ? {} : { reason }) }, this.#system);
  }

  /**
   * Puts a failed or cancelled job back to `pending`, with another payload if there is one. That drops its steps, unless they are kept.
   *
   * @throws ConflictError in any other status, and while another job holds its unique key; InvalidRequestError
   */
  async retry(
    job: JobOrId,
    { payload, keepSteps, reason }: Pick<RetryOptions, 'payload' | 'keepSteps' | 'reason'> = {},
  ): Promise<void> {
    const because = reason === undefined ? {} : { reason };
    const old = await this.job(job);
    const changed = payload === undefined ? undefined : await changedPayload(this.#definitionOf(old), payload);
    const kept = keepSteps === undefined ? {} : { keepSteps };
    const change = { kind: 'ChangePayload', payload: changed, ...kept, ...because } as const;
    await this.#keys.retake(old, async () => {
      if (payload !== undefined) await changeJob(old.id, change, this.#system);
      await changeJob(old.id, { kind: 'RequeueJob', ...because }, this.#system);
    });
  }

  /**
   * Makes a delayed job, or the next attempt of one that has failed, due now: it runs with the next `drain` or `advance`.
   *
   * @throws ConflictError in any other status.
   */
  async runNow(job: JobOrId, { reason }: { readonly reason?: string } = {}): Promise<void> {
    const { id, type, priority } = await this.job(job);
    await changeJob(id, { kind: 'RunJobNow', ...(reason === undefined ? {} : { reason }) }, this.#system);
    await this.#system.log.wakeNow({ jobId: id, jobType: type, priority, at: this.now().toISOString() });
  }

  /**
   * Sends a signal to a job, with the checks of the API. A handler that waits for it goes on with the next `drain` or `advance`.
   *
   * @throws NotFoundError for a name that the definition does not have; ConflictError when the job has ended; InvalidRequestError
   * @example
   * await t.signal(job, 'approved', { by: 'ada' });
   */
  async signal(job: JobOrId, name: string, payload?: unknown): Promise<void> {
    const found = await this.job(job);
    const checked = await signalPayload(this.#definitionOf(found), name, payload);
    await changeJob(found.id, { kind: 'SignalJob', name, payload: checked }, this.#system);
  }

  /** Gives a job that waits another priority. @throws ConflictError in any other status; InvalidRequestError */
  async changePriority(job: JobOrId, priority: Priority, { reason }: { readonly reason?: string } = {}): Promise<void> {
    assertPriority(priority);
    const change = { kind: 'ChangePriority', priority, ...(reason === undefined ? {} : { reason }) } as const;
    await changeJob(idOf(job), change, this.#system);
  }

  /**
   * Creates a job like one that has ended, with `rerunOf`. What `options` name is different in it.
   *
   * @throws ConflictError when it has not ended; InvalidRequestError
   */
  async rerun(job: JobOrId, { payload, reason, ...options }: RerunOptions = {}): Promise<EnqueuedJob> {
    const old = await this.job(job);
    if (!hasEnded(old))
      throw new ConflictError(`the job is ${old.status}: only a job that has ended can be rerun`, { status: 409 });
    const definition = this.#definitionOf(old);
    const created = await this.#create({
      definition,
      payload: payload === undefined ? old.payload : await changedPayload(definition, payload),
      options: optionsLike(old, options),
      origin: { rerunOf: old.id, ...(reason === undefined ? {} : { reason }) },
    });
    return this.#enqueued(created);
  }

  /** Asserts something about a job. */
  expectJob(job: JobOrId): JobExpectation {
    return new JobExpectation(async () => ({ job: await this.job(job), events: await this.events(job) }));
  }

  /**
   * Asserts that a job of the definition was enqueued, by the test or by what it tests; of objects only the fields that are
   * named count.
   *
   * @throws AssertionError
   * @example
   * await t.assertEnqueued(thumbnail, { payload: { width: 200 } });
   */
  async assertEnqueued(definition: JobDefinition, expected: JobMatch = {}): Promise<void> {
    assertEnqueued(await this.jobs(), definition, expected);
  }

  /** Asserts that no such job was enqueued. @throws AssertionError */
  async refuteEnqueued(definition: JobDefinition, unexpected: JobMatch = {}): Promise<void> {
    refuteEnqueued(await this.jobs(), definition, unexpected);
  }

  /** Returns the history of a job, oldest event first. */
  async events(job: JobOrId): Promise<readonly JobEvent[]> {
    return (await this.#system.log.readHistory(idOf(job))).map(eventView);
  }

  /** Returns the steps of a job, each as it was recorded last, in the order in which they were recorded first. */
  async steps(job: JobOrId): Promise<readonly JobStep[]> {
    const { steps = [] } = (await this.#system.log.readJob(idOf(job))) ?? {};
    return steps.map(stepView);
  }

  /**
   * Returns what the handler has written with `ctx.log` in an attempt, or in all attempts, oldest line first: as workers keep
   * it, without secrets and up to 64 KB an attempt, but of all levels.
   */
  async logs(job: JobOrId, attempt?: number): Promise<readonly LogLine[]> {
    return this.#system.lines.of((await this.job(job)).id, attempt);
  }

  /** Ends the test's Jobstream; can be repeated. `await using` does it. */
  stop(): Promise<void> {
    this.#stopped ??= this.#system.stop();
    return this.#stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #create(job: NewJob): Promise<Job & Pick<CreatedJob, 'existing' | 'revised'>> {
    const creation = await creationOf(job, this.#system.now());
    this.#definitions.set(creation.jobType, job.definition);
    const { onConflict = 'keep' } = job.options.unique ?? {};
    const holder = await this.#keys.create(creation, onConflict, () => this.#append(creation));
    if (holder === undefined) return this.job(creation.jobId);
    const { job: existing, ...marks } = holder;
    return { ...existing, existing: true, ...marks };
  }

  async #append(creation: LogEvent): Promise<void> {
    if (await appendCreation(creation, this.#system)) this.#created.push(creation.jobId);
  }

  #enqueued<Result>(job: Job & Pick<CreatedJob, 'existing' | 'revised'>): EnqueuedJob<Result> {
    const { id, type, status, version, createdAt, updatedAt, existing, revised } = job;
    const marks = { ...(existing && { existing }), ...(revised && { revised }) };
    const result = async () => resultOf(await this.job(id)) as Result;
    return { id, type, status, version, createdAt, updatedAt, result, ...marks };
  }

  #definitionOf({ id, type }: Job): JobDefinition {
    const definition = this.#definitions.get(type);
    if (definition === undefined) throw new Error(`job ${id} was not enqueued by this test`);
    return definition;
  }
}
