import { archivePlace } from './archiveField.ts';
import { configConflicts } from './configConflicts.ts';
import { ConfigError } from './configError.ts';
import {
  bool,
  choice,
  count,
  duration,
  list,
  optional,
  port,
  text,
  urlOf,
  type Field,
  type Mistake,
} from './configField.ts';
import { limits } from './limitsField.ts';
import { origins } from './originsField.ts';
import { payloadKeys } from './payloadKeysField.ts';
import { rate } from './rateField.ts';

const fields = {
  NATS_URL: urlOf(['nats:', 'tls:', 'ws:', 'wss:'], 'nats://127.0.0.1:4222'),
  NATS_CREDS: optional(text()),
  NATS_USER: optional(text()),
  NATS_PASSWORD: optional(text()),
  DATABASE_URL: urlOf(['postgres:', 'postgresql:'], 'postgres://127.0.0.1:5432/jobstream'),
  HOST: text('127.0.0.1'),
  PORT: port(3000),
  HEALTH_PORT: optional(port()),
  AUTH: optional(choice(['open', 'required'])),
  JWT_ISSUER: optional(text()),
  JWT_AUDIENCE: optional(text()),
  JWKS_URL: optional(urlOf(['https:', 'http:'])),
  JWT_TENANT_CLAIM: text('tenant'),
  JWT_TENANT_REQUIRED: bool(false),
  RATE_LIMIT: rate(),
  RATE_LIMIT_FAILED: rate(),
  CORS_ORIGINS: origins(),
  TRUST_PROXY: count({ min: 0, max: 10, fallback: 0 }),
  LOG_LEVEL: choice(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], 'info'),
  OTEL_EXPORTER_OTLP_ENDPOINT: optional(urlOf(['http:', 'https:'])),
  STREAM_REPLICAS: count({ min: 1, max: 5, fallback: 1 }),
  GROUP_COMMIT: bool(true),
  JOBS_MAX_AGE: duration(0),
  TABLE_MAX_AGE: duration(0),
  ARCHIVE: archivePlace(),
  ARCHIVE_ENDPOINT: optional(urlOf(['https:', 'http:'])),
  ARCHIVER: bool(true),
  PAYLOAD_KEYS: payloadKeys(),
  WORKER_CONCURRENCY: count({ min: 1, max: 10_000, fallback: 100 }),
  WORKER_LIMITS: limits(),
  WORKER_TYPES: optional(list()),
  SHUTDOWN_GRACE_MS: count({ min: 0, max: 3_600_000, fallback: 10_000 }),
  ACK_WAIT_MS: count({ min: 500, max: 3_600_000, fallback: 10_000 }),
  SMTP_URL: optional(urlOf(['smtp:', 'smtps:'])),
  SMTP_FROM: text('jobstream@localhost'),
  WEBHOOK_SECRET: optional(text()),
  WEBHOOK_ALLOW_PRIVATE: bool(false),
  DATA_DIR: text('.data'),
} satisfies Record<string, Field<unknown>>;

type ConfigOf<Fields> = { readonly [Name in keyof Fields]: Fields[Name] extends Field<infer Value> ? Value : never };

/** Every setting of every process, by the name of its environment variable; see docs/configuration.md. */
export type Config = ConfigOf<typeof fields>;

/** Reads the environment (the only place that does); throws a ConfigError that names all mistakes at once. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const problems: string[] = unknownNames(env);
  const values: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields)) {
    const outcome = field(env[name] === '' ? undefined : env[name]);
    if ('value' in outcome) values[name] = outcome.value;
    else problems.push(...mistakesOf(outcome, env[name]).map((mistake) => sentence(name, mistake)));
  }
  if (problems.length > 0) throw new ConfigError(problems);
  const config = values as unknown as Config;
  const conflicts = configConflicts(config);
  if (conflicts.length > 0) throw new ConfigError(conflicts);
  return config;
}

function mistakesOf(
  outcome: Exclude<ReturnType<Field<unknown>>, { value: unknown }>,
  raw?: string,
): readonly Mistake[] {
  if ('mistakes' in outcome) return outcome.mistakes;
  return [{ expected: `be ${outcome.expected}`, got: raw ?? 'nothing' }];
}

function sentence(name: string, { expected, got }: Mistake): string {
  return `expected ${name} to ${expected}, got: ${shown(got)}`;
}

/** The value as it may appear in a message: what may be user and password of a URL, even a broken one, stays out of logs. */
function shown(raw: string): string {
  return raw.replace(/^(\w+:\/\/)?.*@/s, '$1***@');
}

/** A misspelt setting must not pass in silence, so the project's own prefix is reserved. */
function unknownNames(env: NodeJS.ProcessEnv): string[] {
  return Object.keys(env)
    .filter((name) => name.startsWith('JOBSTREAM_'))
    .map((name) => `unknown setting ${name}`);
}
