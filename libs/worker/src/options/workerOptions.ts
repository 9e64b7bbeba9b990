import type { Logger } from '../handler/logger.ts';
import type { MetricsRegistry } from '../telemetry/registryMetrics.ts';
import type { OpenTelemetryApi } from '../telemetry/openTelemetryTracing.ts';

/** A key that decrypts payloads and encrypts results; the same as in the setting PAYLOAD_KEYS of the other processes. */
export interface PayloadKey {
  readonly id: string;
  /** 32 bytes. */
  readonly secret: Uint8Array;
}

/**
 * How a worker connects and how much it runs. Everything has a default: an environment variable where one is named, else
 * the value after it.
 */
export interface WorkerOptions {
  /** One URL of the NATS server or several, separated by commas; NATS_URL, else `nats://127.0.0.1:4222`. */
  readonly natsUrl?: string;
  /** User and password, unless they are part of the URL; NATS_USER and NATS_PASSWORD. */
  readonly natsUser?: string;
  readonly natsPassword?: string;
  /** Path of a credentials file; NATS_CREDS. */
  readonly natsCreds?: string;
  /** What `GET /api/workers` calls this worker, e.g. the name of its deployment; WORKER_NAME, else the host's name. */
  readonly name?: string;
  /**
   * The release of the program that the handlers belong to: shown beside the name, and recorded with each attempt;
   * WORKER_VERSION, else JOBSTREAM_RELEASE, else the `version` of the nearest package.json of the program, unless that lies in a
   * `node_modules`.
   */
  readonly version?: string;
  /** Attempts of each job type that may run at once, 1 to 10,000; WORKER_CONCURRENCY, else 10. */
  readonly concurrency?: number;
  /**
   * Milliseconds without a heartbeat after which the server gives a job to another worker; ACK_WAIT_MS, else 10,000. The
   * same for all workers of a job type.
   */
  readonly ackWaitMs?: number;
  /**
   * Milliseconds that the clock of this machine may differ from the server's before `/health/ready` answers 503, 0 for
   * any; MAX_CLOCK_SKEW, such as `30s`, else 30,000. Jobs run at their time whatever it says.
   */
  readonly maxClockSkewMs?: number;
  /** Milliseconds that running attempts may go on after `stop`; SHUTDOWN_GRACE_MS, else 10,000. */
  readonly shutdownGraceMs?: number;
  /**
   * A sleep of at most this many milliseconds keeps its slot; a longer one ends the run of its handler until then. SLOT_WAIT_MS, else 30,000.
   */
  readonly slotWaitMs?: number;
  /** Whether the log keeps the stacks of errors; ERROR_STACKS, else true. */
  readonly errorStacks?: boolean;
  /** Lines of handlers from this level on are kept for the API, `off`: none; ATTEMPT_LOGS, else `info`. */
  readonly attemptLogs?: 'off' | 'debug' | 'info' | 'warn' | 'error';
  /**
   * Whether an event loop that has been blocked for a second is named, with the jobs that run, by a thread that watches it;
   * LOOP_WATCHDOG, else true.
   */
  readonly loopWatchdog?: boolean;
  /** Where payloads are encrypted: the keys, the one for new jobs first; PAYLOAD_KEYS. */
  readonly payloadKeys?: readonly PayloadKey[];
  /** Serves `/health/live`, `/health/ready` and `/metrics` on this port; HEALTH_PORT, else on none. */
  readonly healthPort?: number;
  /** Receives log lines; a pino logger fits. Default: none, and in `run()` lines on standard output. */
  readonly logger?: Logger;
  /** A registry of prom-client (to be installed beside this package) that gets the metrics of attempts; default: none. */
  readonly metrics?: MetricsRegistry;
  /** The module `@opentelemetry/api`: attempts become spans. Without it, trace context is still passed on. */
  readonly tracing?: OpenTelemetryApi;
}

/** The options or the environment of a worker are invalid; `problems` has one sentence for each mistake. */
export class WorkerOptionsError extends Error {
  readonly code = 'WORKER_OPTIONS_INVALID';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'WorkerOptionsError';
    this.problems = problems;
  }
}
