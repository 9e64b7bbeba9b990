import { randomBytes } from 'node:crypto';
import os from 'node:os';
import { PROTOCOL_VERSION } from '@jobstream/domain';
import type { LogSink } from '../connection/logSink.ts';
import type { Announcements } from './announcements.ts';
import type { WorkerHeartbeat } from './workerHeartbeat.ts';

export interface ProcessHeartbeatOptions {
  readonly log: { readonly announcements: Announcements };
  readonly role: NonNullable<WorkerHeartbeat['role']>;
  readonly logger: LogSink;
  /** Time between two heartbeats, in milliseconds; default 4,000. */
  readonly intervalMs?: number;
}

/** The server takes a process for gone after three missed heartbeats. */
const INTERVAL_MS = 4_000;

/**
 * Announces that an API or a projector lives, and which events it understands, so that none is written that it does not.
 * A hint: when it fails, the process works on, and the next heartbeat tries again.
 */
export class ProcessHeartbeat {
  readonly name = 'heartbeat of the process';
  readonly #options: ProcessHeartbeatOptions;
  readonly #heartbeat: WorkerHeartbeat;
  #timer: NodeJS.Timeout | undefined;
  #beating: Promise<void> | undefined;
  #isSilent = false;

  constructor(options: ProcessHeartbeatOptions) {
    this.#options = options;
    this.#heartbeat = heartbeatOf(options.role);
  }

  /** Returns when the first heartbeat was stored, or has failed. */
  async start(): Promise<void> {
    this.#timer ??= setInterval(() => void this.#beat(), this.#options.intervalMs ?? INTERVAL_MS);
    await this.#beat();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#beating;
  }

  /** One at a time: a server that does not answer must not gather heartbeats. Never rejects. */
  #beat(): Promise<void> {
    this.#beating ??= this.#send().finally(() => (this.#beating = undefined));
    return this.#beating;
  }

  async #send(): Promise<void> {
    const { log, logger } = this.#options;
    try {
      await log.announcements.heartbeat(this.#heartbeat);
      this.#isSilent = false;
    } catch (error) {
      const { message } = error as Error;
      if (!this.#isSilent) logger.warn({ reason: message }, 'this process cannot announce itself');
      this.#isSilent = true;
    }
  }
}

function heartbeatOf(role: NonNullable<WorkerHeartbeat['role']>): WorkerHeartbeat {
  const host = os.hostname();
  return {
    worker: `${role}-${host}-${process.pid}-${randomBytes(3).toString('hex')}`,
    role,
    protocol: PROTOCOL_VERSION,
    host,
    pid: process.pid,
    startedAt: new Date().toISOString(),
    types: [],
    runningCount: 0,
    running: [],
  };
}
