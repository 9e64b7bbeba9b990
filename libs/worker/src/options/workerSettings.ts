import os from 'node:os';
import { attemptLogLevels } from '@jobstream/domain';
import { misspeltVariables } from './misspeltVariables.ts';
import { programVersion } from './programVersion.ts';
import { WorkerOptionsError, type PayloadKey, type WorkerOptions } from './workerOptions.ts';

type Given =
  | 'natsUser'
  | 'natsPassword'
  | 'natsCreds'
  | 'version'
  | 'payloadKeys'
  | 'healthPort'
  | 'logger'
  | 'metrics'
  | 'tracing';

/** The options of a worker with all defaults applied. */
export type WorkerSettings = Required<Omit<WorkerOptions, Given>> & {
  /** Whether neither the program nor the environment has an address of NATS. */
  readonly natsUrlIsDefault: boolean;
  /** What is wrong in the environment; the worker does not start with it. */
  readonly problems: readonly string[];
  /** What is probably wrong in the environment. */
  readonly warnings: readonly string[];
} & {
  readonly [Name in Given]: WorkerOptions[Name] | undefined;
};

type Environment = Readonly<Record<string, string | undefined>>;
type TextOption = 'natsUrl' | 'natsUser' | 'natsPassword' | 'natsCreds' | 'name' | 'version';
type OptionName = TextOption | NumberOption | FlagOption | 'attemptLogs';
type FlagOption = 'errorStacks' | 'loopWatchdog';
type NumberOption = 'maxClockSkewMs' | 'healthPort' | 'concurrency' | 'ackWaitMs' | 'shutdownGraceMs' | 'slotWaitMs';
/** Least and largest value, and the default. */
type Bounds = readonly [min: number, max: number, fallback: number];

const DEFAULT_URL = 'nats://127.0.0.1:4222';
const DURATION_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const PROTOCOLS = /^(nats|tls|wss?):\/\/./;
const ATTEMPT_LOGS = ['off', ...attemptLogLevels] as const;
const KEY = /^([a-z0-9][a-z0-9-]{0,31}):([A-Za-z0-9+/]{43}=)$/;

/** What `run()` and its logger read besides the options. */
const OTHER_VARIABLES = ['LOG_LEVEL'];

/**
 * Applies the environment and the defaults to the options of a worker.
 *
 * @throws WorkerOptionsError that names all mistakes at once, unless all of them are in the environment: those are `problems`.
 */
export function workerSettings(
  options: WorkerOptions,
  env: Environment = process.env,
  program: string | undefined = process.argv[1],
): WorkerSettings {
  const reader = new OptionReader(options, env);
  const settings = {
    natsUrl: reader.url('natsUrl', 'NATS_URL'),
    natsUrlIsDefault: reader.text('natsUrl', 'NATS_URL') === undefined,
    natsUser: reader.text('natsUser', 'NATS_USER'),
    natsPassword: reader.text('natsPassword', 'NATS_PASSWORD'),
    natsCreds: reader.text('natsCreds', 'NATS_CREDS'),
    name: reader.text('name', 'WORKER_NAME') ?? os.hostname(),
    version:
      reader.text('version', 'WORKER_VERSION') ?? reader.variable('JOBSTREAM_RELEASE') ?? programVersion(program),
    concurrency: reader.integer('concurrency', 'WORKER_CONCURRENCY', [1, 10_000, 10]),
    ackWaitMs: reader.integer('ackWaitMs', 'ACK_WAIT_MS', [500, 3_600_000, 10_000]),
    shutdownGraceMs: reader.integer('shutdownGraceMs', 'SHUTDOWN_GRACE_MS', [0, 3_600_000, 10_000]),
    slotWaitMs: reader.integer('slotWaitMs', 'SLOT_WAIT_MS', [0, 3_600_000, 30_000]),
    maxClockSkewMs: reader.duration('maxClockSkewMs', 'MAX_CLOCK_SKEW', 30_000),
    errorStacks: reader.flag('errorStacks', 'ERROR_STACKS', true),
    attemptLogs: reader.logLevel('attemptLogs', 'ATTEMPT_LOGS', 'info'),
    loopWatchdog: reader.flag('loopWatchdog', 'LOOP_WATCHDOG', true),
    payloadKeys: options.payloadKeys ?? reader.payloadKeys('PAYLOAD_KEYS'),
    healthPort: reader.port('healthPort', 'HEALTH_PORT'),
    logger: options.logger,
    metrics: options.metrics,
    tracing: options.tracing,
  };
  if (reader.isMistaken) throw new WorkerOptionsError(reader.problems);
  const warnings = misspeltVariables(env, [...reader.variables, ...OTHER_VARIABLES]);
  return { ...settings, problems: reader.problems, warnings };
}

/** Reads each option, or its environment variable where it is not given; an empty variable counts as not set. */
class OptionReader {
  readonly problems: string[] = [];
  readonly variables: string[] = [];
  /** Whether an option of the program has a mistake. */
  isMistaken = false;
  readonly #options: WorkerOptions;
  readonly #env: Environment;

  constructor(options: WorkerOptions, env: Environment) {
    this.#options = options;
    this.#env = env;
  }

  text(name: TextOption, variable: string): string | undefined {
    return this.#given(name, variable);
  }

  integer(name: NumberOption, variable: string, [min, max, fallback]: Bounds): number {
    const given = this.#given(name, variable) ?? fallback;
    const value = Number(given);
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    this.#reject(name, variable, `an integer from ${min} to ${max}, got: ${given}`);
    return fallback;
  }

  /** A number of milliseconds as an option, a duration such as `90s` in the environment. */
  duration(name: 'maxClockSkewMs', variable: string, fallback: number): number {
    const given = this.#given(name, variable) ?? fallback;
    const [, amount, unit = 'ms'] = /^(\d+)(ms|s|m|h|d)?$/.exec(String(given)) ?? [];
    if (amount !== undefined) return Number(amount) * DURATION_MS[unit as keyof typeof DURATION_MS];
    this.#reject(name, variable, `a duration such as 90s, 12h or 30d, or 0, got: ${given}`);
    return fallback;
  }

  flag(name: FlagOption, variable: string, fallback: boolean): boolean {
    const given = String(this.#given(name, variable) ?? fallback);
    if (given === 'true' || given === 'false') return given === 'true';
    this.#reject(name, variable, `true or false, got: ${given}`);
    return fallback;
  }

  logLevel(name: 'attemptLogs', variable: string, fallback: WorkerSettings['attemptLogs']) {
    const given = this.#given(name, variable) ?? fallback;
    const level = ATTEMPT_LOGS.find((one) => one === given);
    if (level !== undefined) return level;
    this.#reject(name, variable, `one of ${ATTEMPT_LOGS.join(', ')}, got: ${given}`);
    return fallback;
  }

  port(name: 'healthPort', variable: string): number | undefined {
    const given = this.#given(name, variable);
    return given === undefined ? undefined : this.integer(name, variable, [0, 65_535, 0]);
  }

  url(name: 'natsUrl', variable: string): string {
    const urls = this.text(name, variable) ?? DEFAULT_URL;
    const valid = urls.split(',').every((url) => PROTOCOLS.test(url.trim()) && URL.canParse(url.trim()));
    if (valid) return urls;
    const withoutPassword = urls.replaceAll(/(^|,|\/\/)[^/,@]*@/g, '$1***@');
    this.#reject(name, variable, `a URL such as ${DEFAULT_URL}, got: ${withoutPassword}`);
    return DEFAULT_URL;
  }

  /** No part of the text appears in a message. */
  payloadKeys(variable: string): readonly PayloadKey[] | undefined {
    const entries = (this.variable(variable) ?? '').split(',').filter((entry) => entry.trim() !== '');
    const keys = entries.flatMap((entry) => {
      const [, id, secret] = KEY.exec(entry.trim()) ?? [];
      return id === undefined || secret === undefined ? [] : [{ id, secret: Buffer.from(secret, 'base64') }];
    });
    if (keys.length === entries.length) return keys.length === 0 ? undefined : keys;
    this.problems.push(`expected ${variable} to be keys such as 2026:<32 bytes in Base64>, got: ***`);
    return undefined;
  }

  #given<Name extends OptionName>(name: Name, variable: string): WorkerOptions[Name] | string | undefined {
    const text = this.variable(variable);
    return this.#options[name] ?? text;
  }

  /** Undefined for an empty variable, too. */
  variable(name: string): string | undefined {
    this.variables.push(name);
    return this.#env[name] || undefined;
  }

  #reject(name: OptionName, variable: string, expected: string): void {
    const isOption = this.#options[name] !== undefined;
    this.isMistaken ||= isOption;
    this.problems.push(`expected ${isOption ? name : variable} to be ${expected}`);
  }
}
