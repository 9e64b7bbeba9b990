import type { StandardSchemaV1 } from '@standard-schema/spec';
import { PayloadError } from '../transport/errors.ts';
import type { NewBackoff } from '../jobs/job.ts';

const JOB_TYPE = /^[a-z][a-z0-9-]{0,62}$/;

/** Defaults of the jobs of a definition; what `enqueue` is given wins. */
export interface JobDefaults {
  readonly maxAttempts?: number;
  /** How long an attempt may take, in milliseconds. */
  readonly timeoutMs?: number;
  readonly backoff?: NewBackoff;
  readonly tags?: readonly string[];
}

/** When a job type is run by itself. Its worker creates the schedule when it starts, and keeps it as the definition says. */
export interface JobSchedule<Payload = unknown> {
  /** Default: that of the job type. */
  readonly name?: string;
  /** As in a schedule of the API: `30 2 * * *`, `@hourly`, `@every 90m`. */
  readonly cron: string;
  /** A time zone of the IANA database; default UTC. */
  readonly timeZone?: string;
  /** Of every job, as a producer would pass it. */
  readonly payload: Payload;
}

/** A job type as producers and workers share it; made by `defineJob`. */
export interface JobDefinition<
  PayloadSchema extends StandardSchemaV1 = StandardSchemaV1,
  ResultSchema extends StandardSchemaV1 = StandardSchemaV1,
> {
  readonly type: string;
  readonly payload: PayloadSchema;
  /** Undefined where results are not checked. */
  readonly result: ResultSchema | undefined;
  readonly defaults: JobDefaults;
  /** Undefined where the type has no schedule of its own. */
  readonly schedule?: JobSchedule | undefined;
}

/** What a producer passes for the payload: the input of its schema. */
export type PayloadInput<Definition extends JobDefinition> = StandardSchemaV1.InferInput<Definition['payload']>;
/** What a handler receives: the output of the payload's schema. */
export type PayloadOutput<Definition extends JobDefinition> = StandardSchemaV1.InferOutput<Definition['payload']>;
/** What a handler returns: the input of the result's schema. */
export type ResultInput<Definition extends JobDefinition> = StandardSchemaV1.InferInput<
  NonNullable<Definition['result']>
>;
/** What a producer gets back: the output of the result's schema. */
export type ResultOutput<Definition extends JobDefinition> = StandardSchemaV1.InferOutput<
  NonNullable<Definition['result']>
>;

export interface JobDefinitionOptions<
  PayloadSchema extends StandardSchemaV1,
  ResultSchema extends StandardSchemaV1,
> extends JobDefaults {
  /** Any Standard Schema: zod, valibot, arktype, `Schema.toStandardSchemaV1` of effect. */
  readonly payload: PayloadSchema;
  /** Checks what handlers return; default: any JSON. */
  readonly result?: ResultSchema;
  /** Runs the job by itself: the worker creates this schedule when it starts. */
  readonly schedule?: JobSchedule<StandardSchemaV1.InferInput<PayloadSchema>>;
}

/**
 * Defines a job type once, for the producers that enqueue its jobs and the workers that run them. It holds no handler and
 * needs nothing of Node, so both sides can import the file that it is in.
 *
 * @param type 1 to 63 lower-case letters, digits and dashes, starting with a letter.
 * @throws TypeError when `type` is not a job type, or `payload` or `result` no schema.
 * @example
 * export const thumbnail = defineJob('thumbnail', {
 *   payload: z.object({ url: z.url(), width: z.int() }),
 *   result: z.object({ bytes: z.int() }),
 *   maxAttempts: 5,
 * });
 */
export function defineJob<PayloadSchema extends StandardSchemaV1, ResultSchema extends StandardSchemaV1>(
  type: string,
  options: JobDefinitionOptions<PayloadSchema, ResultSchema>,
): JobDefinition<PayloadSchema, ResultSchema> {
  // A program in JavaScript may leave the options out: then it is told that the schema is missing.
  const { payload, result, schedule, ...defaults } = { ...options };
  if (!JOB_TYPE.test(type)) {
    const expected = '1 to 63 lower-case letters, digits and dashes, starting with a letter';
    throw new TypeError(`expected a job type of ${expected}, got: ${JSON.stringify(type)}`);
  }
  assertSchema(payload, `the payload of ${type}`);
  if (result !== undefined) assertSchema(result, `the result of ${type}`);
  return { type, payload, result, defaults, ...(schedule === undefined ? {} : { schedule }) };
}

/** For programs in JavaScript, of which no compiler says so: their jobs would fail, each with an error from deep within. */
function assertSchema(schema: unknown, what: string): void {
  const { '~standard': standard } = (schema ?? {}) as Partial<StandardSchemaV1>;
  if (typeof standard?.validate === 'function') return;
  throw new TypeError(`expected a schema of ${what} (zod, valibot or another Standard Schema), got: ${typeof schema}`);
}

/**
 * Checks a payload before it is sent.
 *
 * @throws PayloadError
 */
export async function checkPayload({ type, payload: schema }: JobDefinition, payload: unknown): Promise<void> {
  const { issues } = await schema['~standard'].validate(payload);
  if (issues === undefined) return;
  throw new PayloadError(
    type,
    issues.map(({ path = [], message }) => ({ pointer: pointerTo(path), detail: message })),
  );
}

/** `/to/0` */
function pointerTo(path: readonly (PropertyKey | StandardSchemaV1.PathSegment)[]): string {
  const keys = path.map((segment) => String(typeof segment === 'object' ? segment.key : segment));
  return keys.map((key) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
