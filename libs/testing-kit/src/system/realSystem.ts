import { setTimeout as pause } from 'node:timers/promises';
import { EventLog, waitsForTimer, type AttemptRunner, type Job } from '@jobstream/worker/test-engine';
import type { CrashPoint } from './crashableLog.ts';
import { natsServer, type NatsServer } from './natsServer.ts';
import { KeptLines } from './keptLines.ts';
import type { TestSystem } from './testSystem.ts';
import { testWorker, type WorkerSettings } from './testWorker.ts';

const POLL_MS = 10;

/** The worker that runs now, and its connection. */
interface Running {
  readonly runner: AttemptRunner;
  readonly log: EventLog;
}

/** A log on a real nats-server, whose time is that of the world. The worker works within `drain`. */
export class RealSystem implements TestSystem {
  readonly log: EventLog;
  readonly lines = new KeptLines(() => this.now());
  readonly #settings: WorkerSettings;
  readonly #server: NatsServer;
  readonly #crashPoints = new Set<CrashPoint>();
  /** The logs of crashed workers, and their ends. */
  readonly #crashed = new Map<EventLog, Promise<void>>();
  #running: Running | undefined;
  #workers = 0;

  private constructor(settings: WorkerSettings, server: NatsServer) {
    this.#settings = settings;
    this.#server = server;
    this.log = new EventLog({ url: server.url, name: 'test' });
  }

  /** @throws Error when there is no server. */
  static async start(settings: WorkerSettings): Promise<RealSystem> {
    const server = await natsServer();
    const system = new RealSystem(settings, server);
    await system.log.start().catch(async (error: unknown) => {
      await server.stop();
      throw error;
    });
    return system;
  }

  now(): number {
    return this.log.clock.now();
  }

  openLane(jobType: string, priority: NonNullable<Job['priority']>): Promise<void> {
    return this.log.lanes.open(jobType, priority);
  }

  async drain(jobs: readonly string[]): Promise<void> {
    try {
      for (;;) {
        this.#running ??= await this.#startWorker();
        if (!(await this.#isAnyDue(jobs))) return;
        await pause(POLL_MS);
      }
    } finally {
      await this.#stopWorker();
    }
  }

  advance(): Promise<void> {
    return Promise.reject(
      new Error('a real server has a clock that no test can move: advance() needs the log in memory'),
    );
  }

  onTick(): never {
    throw new Error('a real server has a clock that no test can move: schedule() needs the log in memory');
  }

  crashAt(point: CrashPoint): void {
    this.#crashPoints.add(point);
  }

  async stop(): Promise<void> {
    await this.#stopWorker();
    await Promise.all(this.#crashed.values());
    await this.log.stop();
    await this.#settings.handlers.stop();
    await this.#server.stop();
  }

  async #isAnyDue(jobs: readonly string[]): Promise<boolean> {
    const snapshots = await Promise.all(jobs.map((id) => this.log.readJob(id)));
    return snapshots.some((snapshot) => {
      const { status, runAt } = snapshot?.job ?? {};
      if (status === 'pending' || status === 'processing') return true;
      return status !== undefined && waitsForTimer(status) && Date.parse(runAt ?? '') <= this.now();
    });
  }

  /** Returns nothing when it has crashed before its start was over. */
  async #startWorker(): Promise<Running | undefined> {
    const log = new EventLog({ url: this.#server.url, name: 'test-worker' });
    await log.start();
    const runner = testWorker({
      ...this.#settings,
      log,
      logs: this.lines,
      name: `test-worker-${++this.#workers}`,
      time: log.clock,
      crashesAt: (point) => this.#crashPoints.delete(point),
      onCrash: () => this.#crash(log),
    });
    await runner.start();
    return this.#crashed.has(log) ? undefined : { runner, log };
  }

  async #stopWorker(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.runner.stop();
    await running?.log.stop();
  }

  /** Its connection is closed: nothing keeps its jobs alive. */
  #crash(log: EventLog): void {
    this.#running = undefined;
    this.#crashed.set(log, log.stop());
  }
}
