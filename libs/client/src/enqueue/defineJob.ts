import type { StandardSchemaV1 } from '@standard-schema/spec';
import { PayloadError, type PayloadIssue } from '../transport/errors.ts';
import type { NewBackoff } from '../jobs/job.ts';

const SIGNAL_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;
/** As in `announcedSignals.ts` of libs/eventlog, of which the client imports nothing. */
const MOST_SIGNALS = 32;
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

/** The signals that jobs of a type take: their names, each with the schema of its payload. */
export type SignalSchemas = Readonly<Record<string, StandardSchemaV1>>;

/** A job type as producers and workers share it; made by `defineJob`. */
export interface JobDefinition<
  PayloadSchema extends StandardSchemaV1 = StandardSchemaV1,
  ResultSchema extends StandardSchemaV1 = StandardSchemaV1,
  Signals extends SignalSchemas = SignalSchemas,
> {
  readonly type: string;
  readonly payload: PayloadSchema;
  /** Undefined where results are not checked. */
  readonly result: ResultSchema | undefined;
  readonly defaults: JobDefaults;
  /** Undefined where the type has no schedule of its own. */
  readonly schedule?: JobSchedule | undefined;
  /** Left out where the type takes none. */
  readonly signals?: Signals | undefined;
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

/** The names of the signals that jobs of the definition take. */
export type SignalNameOf<Definition extends JobDefinition> = keyof NonNullable<Definition['signals']> & string;
/** What a sender passes for the payload of a signal: the input of its schema. */
export type SignalInput<
  Definition extends JobDefinition,
  Name extends SignalNameOf<Definition>,
> = StandardSchemaV1.InferInput<NonNullable<Definition['signals']>[Name]>;
/** What a handler gets of a signal: the output of its schema. */
export type SignalOutput<
  Definition extends JobDefinition,
  Name extends SignalNameOf<Definition>,
> = StandardSchemaV1.InferOutput<NonNullable<Definition['signals']>[Name]>;

export interface JobDefinitionOptions<
  PayloadSchema extends StandardSchemaV1,
  ResultSchema extends StandardSchemaV1,
  Signals extends SignalSchemas = SignalSchemas,
> extends JobDefaults {
  /** Any Standard Schema: zod, valibot, arktype, `Schema.toStandardSchemaV1` of effect. */
  readonly payload: PayloadSchema;
  /** Checks what handlers return; default: any JSON. */
  readonly result?: ResultSchema;
  /**
   * The signals that its jobs take, by their names, of 1 to 64 letters, digits, `-` and `_`: handlers wait for them with `ctx.waitFor`, anybody
   * who may sends them. At most 32.
   */
  readonly signals?: Signals;
  /** Runs the job by itself: the worker creates this schedule when it starts. */
  readonly schedule?: JobSchedule<StandardSchemaV1.InferInput<PayloadSchema>>;
}

/**
 * Defines a job type once, for the producers that enqueue its jobs and the workers that run them. It holds no handler and
 * needs nothing of Node, so both sides can import the file that it is in.
 *
 * @param type 1 to 63 lower-case letters, digits and dashes, starting with a letter.
 * @throws TypeError when `type` is not a job type, a name of a signal is none, or one of the schemas is no schema.
 * @example
 * export const thumbnail = defineJob('thumbnail', {
 *   payload: z.object({ url: z.url(), width: z.int() }),
 *   result: z.object({ bytes: z.int() }),
 *   maxAttempts: 5,
 * });
 */
export function defineJob<
  PayloadSchema extends StandardSchemaV1,
  ResultSchema extends StandardSchemaV1,
  // oxlint-disable-next-line typescript/no-generated-empty-object-type -- a definition without signals has no name of one
  const Signals extends SignalSchemas = Record<never, never>,
>(
  type: string,
  options: JobDefinitionOptions<PayloadSchema, ResultSchema, Signals>,
): JobDefinition<PayloadSchema, ResultSchema, Signals> {
  // A program in JavaScript may leave the options out: then it is told that the schema is missing.
  const { payload, result, schedule, signals, ...defaults } = { ...options };
  if (!JOB_TYPE.test(type)) {
    const expected = '1 to 63 lower-case letters, digits and dashes, starting with a letter';
    throw new TypeError(`expected a job type of ${expected}, got: ${JSON.stringify(type)}`);
  }
  assertSchema(payload, `the payload of ${type}`);
  if (result !== undefined) assertSchema(result, `the result of ${type}`);
  if (signals !== undefined) assertSignals(signals, type);
  return {
    type,
    payload,
    result,
    defaults,
    ...(schedule === undefined ? {} : { schedule }),
    ...(signals === undefined ? {} : { signals }),
  };
}

function assertSignals(signals: SignalSchemas, type: string): void {
  const all = Object.entries(signals);
  if (all.length > MOST_SIGNALS)
    throw new TypeError(`expected at most ${MOST_SIGNALS} signals of ${type}, got: ${all.length}`);
  for (const [name, schema] of all) {
    if (!SIGNAL_NAME.test(name)) {
      const expected = '1 to 64 letters, digits, dashes and underscores, starting with a letter';
      throw new TypeError(`expected the name of a signal of ${type} to be ${expected}, got: ${JSON.stringify(name)}`);
    }
    assertSchema(schema, `the signal ${name} of ${type}`);
  }
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
  const issues = await issuesOf(schema, payload);
  if (issues.length > 0) throw new PayloadError(type, issues);
}

/**
 * Checks the payload of a signal before it is sent.
 *
 * @throws TypeError for a name that the definition has not, PayloadError.
 */
export async function checkSignal(
  { type, signals = {} }: JobDefinition,
  name: string,
  payload: unknown,
): Promise<void> {
  const schema = Object.hasOwn(signals, name) ? signals[name] : undefined;
  if (schema === undefined) throw new TypeError(`jobs of the type ${type} take no signal ${name}`);
  const issues = await issuesOf(schema, payload);
  if (issues.length > 0) throw new PayloadError(type, issues, name);
}

async function issuesOf(schema: StandardSchemaV1, payload: unknown): Promise<readonly PayloadIssue[]> {
  const { issues = [] } = await schema['~standard'].validate(payload);
  return issues.map(({ path = [], message }) => ({ pointer: pointerTo(path), detail: message }));
}

/** `/to/0` */
function pointerTo(path: readonly (PropertyKey | StandardSchemaV1.PathSegment)[]): string {
  const keys = path.map((segment) => String(typeof segment === 'object' ? segment.key : segment));
  return keys.map((key) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
