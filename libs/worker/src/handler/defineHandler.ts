import { JobType } from '@jobstream/domain';
import type { Job, JobProgress } from '@jobstream/domain';
import type { Logger } from './logger.ts';
import { Schema, SchemaIssue } from 'effect';
import { InvalidPayloadError } from './handlerErrors.ts';

const PROBLEMS_SHOWN = 20;
const format = SchemaIssue.makeFormatterStandardSchemaV1();

/** What a handler knows about its attempt. */
export interface JobContext {
  readonly job: Job;
  /** 1 for the first attempt. A number comes again after the job was released by its worker or requeued. */
  readonly attempt: number;
  /** Identifies this run of the handler: it never repeats, and is the id of the JobStarted that began the run. */
  readonly runId: string;
  /** Aborted at the deadline, at a shutdown, and when the job has moved on; its reason is an AttemptAbortedError. */
  readonly signal: AbortSignal;
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

export interface HandlerDefinition<Payload> {
  readonly type: string;
  readonly payload: Schema.Decoder<Payload>;
  /** Does the work; what it returns becomes the job's result and must be JSON, or undefined. */
  readonly run: (payload: Payload, ctx: JobContext) => unknown;
}

/** A handler as the worker sees it: the payload is checked by the handler itself. */
export interface Handler {
  readonly type: JobType;
  /** Rejects with an InvalidPayloadError before anything was done, or with what the handler throws. */
  run(payload: unknown, ctx: JobContext): Promise<unknown>;
}

/** Handlers by job type. */
export type HandlerRegistry = ReadonlyMap<string, Handler>;

/** Makes the handler of one job type; `run` gets the payload as its schema decodes it. */
export function defineHandler<Payload>({ type, payload, run }: HandlerDefinition<Payload>): Handler {
  const decode = payloadDecoder(payload);
  return {
    type: Schema.decodeUnknownSync(JobType)(type),
    run: async (raw, ctx) => run(decode(raw), ctx),
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

/** A function that decodes a payload by its schema, or throws an InvalidPayloadError that names all mistakes. */
function payloadDecoder<Payload>(schema: Schema.Decoder<Payload>): (raw: unknown) => Payload {
  const decode = Schema.decodeUnknownResult(schema, { errors: 'all' });
  return (raw) => {
    const result = decode(raw);
    if (result._tag === 'Success') return result.success;
    throw new InvalidPayloadError(problemsOf(result.failure.issue));
  };
}

function problemsOf(issue: SchemaIssue.Issue): string[] {
  return format(issue)
    .issues.slice(0, PROBLEMS_SHOWN)
    .map(({ path = [], message }) => `${pathText(path)}: ${message}`);
}

/** `payload.to[0]` */
function pathText(path: readonly (PropertyKey | { readonly key: PropertyKey })[]): string {
  const keys = path.map((part) => (typeof part === 'object' ? part.key : part));
  return keys.reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : `${text}.${String(key)}`),
    'payload',
  );
}
