import { isJobType } from '@jobstream/domain';
import { MessageFields } from './messages/messageFields.ts';

/** What a worker reports every few seconds; an API or a projector without types and runs. */
export interface WorkerHeartbeat {
  /** Unique to the process, e.g. `build-7-4711-9f3c2a`. */
  readonly worker: string;
  readonly host: string;
  readonly pid: number;
  /** RFC 3339: when the worker started. */
  readonly startedAt: string;
  /** What the program of the worker is called. */
  readonly name?: string | undefined;
  /** The version of that program. */
  readonly version?: string | undefined;
  /** Library and platform, e.g. `jobstream-worker/0.2.0 node/24.1.0`. */
  readonly runtime?: string | undefined;
  /** The job types that it runs. */
  readonly types: readonly string[];
  /** Whether it takes no further jobs and ends when those that run are done. */
  readonly stopping?: boolean | undefined;
  readonly runningCount: number;
  /** Runs in progress, oldest first, at most 100. */
  readonly running: readonly RunningJob[];
  /** The version of the worker protocol that the process understands; absent for 1. */
  readonly protocol?: number | undefined;
  /** What the process is if not a worker. */
  readonly role?: 'api' | 'projector' | undefined;
}

/** A run of a handler that is in progress. */
export interface RunningJob {
  readonly jobId: string;
  readonly type: string;
  readonly attempt: number;
  /** The id of its JobStarted. */
  readonly runId: string;
  /** RFC 3339. */
  readonly startedAt: string;
}

const LISTED = 100;
const ROLES = ['api', 'projector'] as const;

/** Encodes a heartbeat with the first 100 of `running`. */
export function encodeHeartbeat(heartbeat: WorkerHeartbeat): string {
  return JSON.stringify({ v: 1, ...heartbeat, running: heartbeat.running.slice(0, LISTED) });
}

/** @throws MalformedMessageError */
export function decodeHeartbeat(body: string): WorkerHeartbeat {
  const fields = MessageFields.ofBody(body);
  return {
    worker: fields.text('worker'),
    host: fields.text('host'),
    pid: fields.count('pid'),
    startedAt: fields.instant('startedAt'),
    ...fields.optional('name', (name) => fields.text(name)),
    ...fields.optional('version', (name) => fields.text(name)),
    ...fields.optional('runtime', (name) => fields.text(name)),
    // A process must be known to live even if it names a type that there cannot be.
    types: fields.texts('types').filter((type) => isJobType(type)),
    ...fields.optional('stopping', (name) => fields.oneOf(name, [true, false])),
    runningCount: fields.count('runningCount'),
    running: fields.objects('running').slice(0, LISTED).map(runningJobOf),
    ...fields.optional('protocol', (name) => fields.count(name, 1)),
    ...fields.optional('role', (name) => fields.oneOf(name, ROLES)),
  };
}

function runningJobOf(fields: MessageFields): RunningJob {
  return {
    jobId: fields.text('jobId'),
    type: fields.text('type'),
    attempt: fields.count('attempt', 1),
    runId: fields.text('runId'),
    startedAt: fields.instant('startedAt'),
  };
}
