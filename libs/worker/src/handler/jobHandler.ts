import type { Job, JobDefinition, PayloadOutput, ResultInput } from '@jobstream/client';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { InvalidPayloadError, UnrecoverableError } from './handlerErrors.ts';
import type { Logger } from './logger.ts';
import { linesOf } from './schemaIssues.ts';
import type { Sleep, SleepUntil } from './sleep.ts';
import type { RunStep } from './step.ts';
import type { WaitFor } from './waitFor.ts';

/** How far the work of an attempt is. */
export interface JobProgress {
  /** From 0 to 100. */
  readonly percent?: number;
  readonly message?: string;
}

/** What a handler knows about its attempt. */
export interface JobContext<Definition extends JobDefinition = JobDefinition> {
  /** The job as it was when the attempt began. */
  readonly job: Job;
  /** 1 for the first attempt. A number comes again after the job was released by its worker or requeued. */
  readonly attempt: number;
  /** Identifies this run of the handler: it never repeats, and is the id of the JobStarted or JobResumed that began the run. */
  readonly runId: string;
  /** Aborted at the deadline, at a shutdown, and when the job has moved on; its reason is an AttemptAbortedError. */
  readonly signal: AbortSignal;
  /**
   * Runs a piece of work once for the job: its result is recorded, and later attempts get it without running the work again. It is
   * run again after an error, and if the worker died between the work and its record: pass its `idempotencyKey` on.
   *
   *     const charged = await ctx.step('charge', (step) => psp.charge(payload, { key: step.idempotencyKey }));
   *     for (const to of payload.to) await ctx.step('send', { key: to }, () => mail(to, charged));
   *
   * The result must be JSON or undefined, of at most 256 KB, and is what JSON makes of it. A job may have 1,000 steps, of 512 KB
   * together. Rejects with what the work throws; with the reason of `signal` once that is aborted; with an UnrecoverableError, also
   * for a name that comes twice in an attempt without another `key`.
   */
  readonly step: RunStep;
  /**
   * Waits for a while, such as `'3d'`, `'1h30m'` or milliseconds, at most 366 days. Its end is recorded as a step: a later attempt waits
   * for what is left. A long sleep takes no slot: once no step runs, this run of the handler is ended by an AttemptSuspendedError that it
   * must let pass, and another one, perhaps in another worker, runs it from its beginning at the end of the sleep, with the results
   * of its steps.
   *
   *     await ctx.sleep('cool-down', '3d');
   *
   * What the handler does besides steps is done again by then. Sleeps do not count towards `timeoutMs`. Rejects with an
   * UnrecoverableError for a name that comes twice without another `key`, and within the work of a step.
   */
  readonly sleep: Sleep;
  /** As `sleep`, until an instant: a Date, or RFC 3339 text. It is over at once if that has passed. */
  readonly sleepUntil: SleepUntil;
  /**
   * Waits for a signal to the job, and returns its payload: of the oldest one of this name that no step has read, so that it may have come
   * before. With a `timeout` it returns undefined once the wait has lasted so long. It is recorded as a step, under the first name.
   *
   *     const approval = await ctx.waitFor('approval', 'approved', { timeout: '3d' });
   *
   * Takes no slot: where the signal is not there yet, this run of the handler is ended as by a long `sleep`. Rejects with an
   * UnrecoverableError for a signal that the definition does not have, or whose payload its schema refuses (`SIGNAL_INVALID`), and as `sleep`.
   */
  readonly waitFor: WaitFor<Definition>;
  /** Reports how far the work is. Cheap to call often: values are coalesced and the last one wins. */
  readonly progress: (progress: JobProgress) => void;
  /**
   * The W3C `traceparent` of this attempt, for what the handler calls: that of its span, or without tracing that of what
   * caused the job, if there is one.
   */
  readonly traceparent?: string | undefined;
  /** Lines carry the job's id, type and attempt. */
  readonly log: Logger;
}

/**
 * Does the work of one attempt. It receives the payload as its schema decodes it; what it returns becomes the job's
 * result, which must be JSON or undefined. What it throws fails the attempt, and the job is retried, unless it is an
 * UnrecoverableError.
 */
export type JobHandler<Definition extends JobDefinition> = (
  payload: PayloadOutput<Definition>,
  ctx: JobContext<Definition>,
) => ResultInput<Definition> | Promise<ResultInput<Definition>>;

/** A handler as the attempt sees it: it checks payload and result itself. */
export interface Handler {
  readonly type: string;
  readonly definition: JobDefinition;
  /** Returns the result or its promise. Fails with an InvalidPayloadError before anything was done, or with what the handler throws. */
  run(payload: unknown, ctx: JobContext): unknown;
}

/** Handlers by job type. */
export type HandlerRegistry = ReadonlyMap<string, Handler>;

/** Makes the handler of a definition's jobs, which checks payloads before `run`, and results after it. */
export function jobHandler<Definition extends JobDefinition>(
  definition: Definition,
  run: JobHandler<Definition>,
): Handler {
  return {
    type: definition.type,
    definition,
    // Each promise that it does not make counts: most schemas check at once, and few handlers have one for results.
    run(raw, ctx) {
      const checked = validate(definition.payload, raw);
      const call = (payload: StandardSchemaV1.Result<unknown>) => run(accepted(payload), ctx);
      const returned = checked instanceof Promise ? checked.then(call) : call(checked);
      return definition.result === undefined ? returned : checkedResult(definition.result, returned);
    },
  };
}

/**
 * Collects handlers by their job type.
 * @throws Error when two are of one type.
 */
export function handlerRegistry(handlers: readonly Handler[]): HandlerRegistry {
  const registered = new Map<string, Handler>();
  for (const handler of handlers) {
    if (registered.has(handler.type)) throw new Error(`two handlers are registered for the job type ${handler.type}`);
    registered.set(handler.type, handler);
  }
  return registered;
}

function validate(schema: StandardSchemaV1, value: unknown) {
  return schema['~standard'].validate(value);
}

function accepted(outcome: StandardSchemaV1.Result<unknown>): unknown {
  if (outcome.issues === undefined) return outcome.value;
  throw new InvalidPayloadError(linesOf(outcome.issues, 'payload'));
}

async function checkedResult(schema: StandardSchemaV1, returned: unknown): Promise<unknown> {
  const outcome = await validate(schema, await returned);
  if (outcome.issues === undefined) return outcome.value;
  const problems = linesOf(outcome.issues, 'result').join('; ');
  throw new UnrecoverableError(`the handler's result does not match its schema: ${problems}`, {
    code: 'RESULT_INVALID',
  });
}
