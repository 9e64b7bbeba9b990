import { attemptLogLevels, processLogLevels } from '@jobstream/domain/logging';
import {
  archivePlace,
  bool,
  bytes,
  choice,
  duration,
  integer,
  isLoopback,
  list,
  origins,
  payloadKeys,
  port,
  rate,
  text,
  urlOf,
  urls,
} from './setting.ts';
import { misspeltNames } from './misspeltNames.ts';
import type { Mistake, Setting } from './setting.ts';
import { searchPaths } from './searchPaths.ts';
import { workerLimits } from './workerLimits.ts';

const settings = {
  NATS_URL: urlOf('nats', 'tls', 'ws', 'wss').or('nats://127.0.0.1:4222'),
  NATS_CREDS: text,
  NATS_USER: text,
  NATS_PASSWORD: text,
  NATS_MONITOR_URL: urlOf('http', 'https'),
  NATS_STORE_DIR: text,
  NATS_MAX_FILE_STORE: bytes,
  NATS_OPEN: bool.or(false),
  DEV_NATS_PORT: port,
  DATABASE_URL: urlOf('postgres', 'postgresql').or('postgres://127.0.0.1:5432/jobstream'),
  HOST: text.or('127.0.0.1'),
  PORT: port.or(3000),
  HEALTH_PORT: port,
  AUTH: choice('open', 'required'),
  JWT_ISSUER: text,
  JWT_AUDIENCE: text,
  JWKS_URL: urlOf('https', 'http'),
  JWT_TENANT_CLAIM: text.or('tenant'),
  JWT_TENANT_REQUIRED: bool.or(false),
  RATE_LIMIT: rate,
  RATE_LIMIT_FAILED: rate,
  REQUEST_TIMEOUT_MS: integer(1_000, 60_000).or(5_000),
  CALLER_SHARE: integer(1, 100).or(75),
  CORS_ORIGINS: origins,
  TRUST_PROXY: integer(0, 10).or(0),
  STRICT_TYPES: bool.or(false),
  MAX_WAITING_TYPES: integer(1, 10_000).or(200),
  DASHBOARD: bool.or(true),
  DASHBOARD_DIR: text,
  LOG_LEVEL: choice(...processLogLevels).or('info'),
  OTEL_EXPORTER_OTLP_ENDPOINT: urlOf('http', 'https'),
  STREAM_REPLICAS: integer(1, 5).or(1),
  GROUP_COMMIT: bool.or(true),
  JOBS_MAX_AGE: duration.or(0),
  SEARCH_PATHS: searchPaths,
  TABLE_MAX_AGE: duration.or(0),
  AS_OF_REACH: duration.or(0),
  AUDIT_RETENTION: duration.or(365 * 86_400_000),
  ATTEMPT_LOGS: choice('off', ...attemptLogLevels).or('info'),
  ATTEMPT_LOGS_MAX_AGE: duration.or(30 * 86_400_000),
  ATTEMPT_LOGS_MAX_BYTES: bytes.or(1_073_741_824),
  ARCHIVE: archivePlace,
  ARCHIVE_ENDPOINT: urlOf('https', 'http'),
  ARCHIVER: bool.or(true),
  PAYLOAD_KEYS: payloadKeys,
  WORKER_CONCURRENCY: integer(1, 10_000).or(100),
  WORKER_LIMITS: workerLimits,
  WORKER_TYPES: list,
  ERROR_STACKS: bool.or(true),
  LOOP_WATCHDOG: bool.or(true),
  SHUTDOWN_GRACE_MS: integer(0, 3_600_000).or(10_000),
  SLOT_WAIT_MS: integer(0, 3_600_000).or(30_000),
  MAX_CLOCK_SKEW: duration.or(30_000),
  OUTBOX_URLS: urls('postgres', 'postgresql'),
  ACK_WAIT_MS: integer(500, 3_600_000).or(10_000),
  SMTP_URL: urlOf('smtp', 'smtps'),
  SMTP_FROM: text.or('jobstream@localhost'),
  WEBHOOK_SECRET: text,
  WEBHOOK_ALLOW_PRIVATE: bool.or(false),
  DATA_DIR: text.or('.data'),
} satisfies Record<string, Setting<unknown>>;

const settingNames: readonly string[] = Object.keys(settings);

type Settings = typeof settings;
type ValueOf<One> = One extends Setting<infer Value> ? Value : never;

/** Every setting of every process, by the name of its environment variable; see docs/configuration.md. */
export type Config = { readonly [Name in keyof Settings]: ValueOf<Settings[Name]> };

/** Thrown when the environment is not a valid configuration; `problems` has one sentence for each mistake. */
export class ConfigError extends Error {
  readonly code = 'CONFIG_INVALID';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

// Effect's Schema would read these as well, but its issues would have to be turned into these sentences: more code than this.
/**
 * Reads and validates the environment; the only place in the product that does.
 *
 * @throws ConfigError that names all mistakes at once: unknown names, invalid values, or else settings in conflict.
 */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const problems = unknownNames(env);
  const values: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(settings)) {
    const outcome = setting(env[name] || undefined);
    if ('value' in outcome) values[name] = outcome.value;
    else problems.push(...outcome.mistakes.map((mistake) => sentence(name, mistake)));
  }
  const config = values as Config;
  if (problems.length === 0) problems.push(...conflictsIn(config));
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

/** Returns a sentence for each variable that is probably a misspelt setting, with the setting that may be meant. */
export function misspeltSettings(env: NodeJS.ProcessEnv = process.env): readonly string[] {
  return misspeltNames(env, settingNames).map(
    ({ name, meant }) => `${name} is not a setting and has no effect: is ${meant} meant?`,
  );
}

function sentence(name: string, { expected, got }: Mistake): string {
  return `expected ${name} to ${expected}, got: ${withoutPassword(got)}`;
}

/** Masks user and password of a URL, even of a malformed one, for logs. */
function withoutPassword(raw: string): string {
  return raw.replace(/^(\w+:\/\/)?.*@/s, '$1***@');
}

/** What Kubernetes sets for each service of the namespace, such as one that is called `jobstream-api`, as NAME=value. */
const SERVICE_LINK =
  /_(SERVICE_(HOST|PORT(_\w+)?)=|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?=|PORT=(tcp|udp|sctp):)/;

/** What the command line `jobstream` and workers read may be in the environment of a service, too. */
const OF_OTHERS = new Set([
  'JOBSTREAM_URL',
  'JOBSTREAM_KEY',
  'JOBSTREAM_SERVER',
  'JOBSTREAM_COMMAND',
  'JOBSTREAM_RELEASE',
]);

/** The prefix JOBSTREAM_ is reserved, so that a misspelt setting is not ignored. */
function unknownNames(env: NodeJS.ProcessEnv): string[] {
  const ours = Object.entries(env).filter(([name]) => name.startsWith('JOBSTREAM_') && !OF_OTHERS.has(name));
  const unknown = ours.filter(([name, value]) => !SERVICE_LINK.test(`${name}=${value}`));
  return unknown.map(([name]) => `unknown setting ${name}`);
}

const LEAST_AGE_MS = 3_600_000;

/** One sentence for each conflict between settings that are valid by themselves. */
function conflictsIn(config: Config): readonly string[] {
  const { AUTH, HOST, JWKS_URL, JWT_ISSUER, JWT_AUDIENCE, ARCHIVE, JOBS_MAX_AGE } = config;
  const conflicts: string[] = [];
  if (AUTH === 'open' && !isLoopback(HOST)) {
    conflicts.push(`expected AUTH to be required while HOST is not a loopback address (${HOST}), got: open`);
  }
  // Without these two, a token issued for any other service would be accepted.
  for (const [name, value] of JWKS_URL === undefined ? [] : Object.entries({ JWT_ISSUER, JWT_AUDIENCE })) {
    if (value === undefined) conflicts.push(`expected ${name} to be given together with JWKS_URL, got: nothing`);
  }
  // Events expire by the server's clock, so an archiver needs time to recover from an outage.
  if (ARCHIVE !== undefined && JOBS_MAX_AGE !== 0 && JOBS_MAX_AGE < LEAST_AGE_MS) {
    conflicts.push(`expected JOBS_MAX_AGE to be at least 1h together with ARCHIVE, got: ${JOBS_MAX_AGE}ms`);
  }
  return conflicts;
}
