import { systemClock } from '@jobstream/worker/engine';
import { AttemptRunner } from '@jobstream/worker/test-engine';
import type { SeededRandom } from '../../chaos/seededRandom.ts';
import type { Effect, StepEffect, WaitEffect } from '../../chaos/judge/evidence.ts';
import type { Mortal } from '../world/mortal.ts';
import type { World } from '../world/world.ts';
import { handlersOf } from './handlers.ts';
import { watchfulLogger } from './surprises.ts';

export interface WorkersOptions {
  readonly jobTypes: readonly string[];
  readonly count: number;
  readonly concurrency: number;
  readonly ackWaitMs: number;
  readonly slotWaitMs: number;
}

/** What has become of a worker. */
export interface WorkerLife {
  /** Milliseconds since 1970; undefined for one that lives at the end. */
  diedAt?: number;
  /** Whether it was stopped, or stood still for some time. */
  wasDisturbed: boolean;
}

interface Worker {
  readonly process: Mortal;
  readonly runner: AttemptRunner;
}

const GRACE_MS = 2_000;
const LONGEST_ABSENCE_MS = 20_000;
const LONGEST_FREEZE_MS = 90_000;

/** The worker processes. One that has ended is replaced by another after some time. */
export class Workers {
  readonly effects: Effect[] = [];
  /** The steps whose work was done. */
  readonly steps: StepEffect[] = [];
  /** What the waits for signals have given. */
  readonly waits: WaitEffect[] = [];
  /** By the names of the processes. */
  readonly lives = new Map<string, WorkerLife>();
  readonly #world: World;
  readonly #options: WorkersOptions;
  readonly #random: SeededRandom;
  readonly #workers = new Set<Worker>();
  #started = 0;

  constructor(world: World, options: WorkersOptions) {
    this.#world = world;
    this.#options = options;
    this.#random = world.randomFor('workers');
  }

  async start(): Promise<void> {
    for (let count = 0; count < this.#options.count; count++) await this.#startOne();
  }

  /** Does something to one of them that a deployment, an operator or a machine may do. */
  disturb(): void {
    if (this.#workers.size === 0) return;
    const worker = this.#random.pick([...this.#workers]);
    const { process } = worker;
    const what = this.#random.pick(['kill', 'stop', 'freeze'] as const);
    if (what !== 'kill') this.#lifeOf(process).wasDisturbed = true;
    if (what === 'kill') process.die('is killed');
    else if (what === 'stop') void this.#stopOne(worker);
    else {
      process.frozenUntil = this.#world.clock.now() + this.#random.int(1_000, LONGEST_FREEZE_MS);
      this.#world.trace.add(process.name, 'is frozen');
    }
  }

  async #startOne(): Promise<void> {
    const { concurrency, ackWaitMs, slotWaitMs, jobTypes } = this.#options;
    const { clock, sabotage } = this.#world;
    const process = this.#world.process(`worker-${++this.#started}`);
    const log = this.#world.logOf(process);
    const runner = new AttemptRunner({
      eventLog: sabotage.worker?.(log) ?? log,
      handlers: handlersOf(jobTypes, {
        process,
        onEffect: (effect) => void this.effects.push(effect),
        onStep: (effect) => void this.steps.push(effect),
        onWaited: (effect) => void this.waits.push(effect),
      }),
      workerName: process.name,
      clock: systemClock(clock),
      timers: clock,
      logger: watchfulLogger(this.#world),
      concurrency,
      ackWaitMs,
      slotWaitMs,
      shutdownGraceMs: GRACE_MS,
    });
    const worker = { process, runner };
    this.#workers.add(worker);
    process.onDeath(() => {
      if (!this.#world.isOver) this.#lifeOf(process).diedAt = clock.now();
      this.#replace(worker);
    });
    await runner.start();
  }

  async #stopOne({ process, runner }: Worker): Promise<void> {
    this.#world.trace.add(process.name, 'is stopped');
    await runner.stop();
    process.die('has stopped');
  }

  #lifeOf({ name }: Mortal): WorkerLife {
    const life = this.lives.get(name) ?? { wasDisturbed: false };
    this.lives.set(name, life);
    return life;
  }

  #replace(worker: Worker): void {
    this.#workers.delete(worker);
    const start = () => void this.#startOne();
    if (!this.#world.isOver) this.#world.clock.setTimeout(start, this.#random.int(0, LONGEST_ABSENCE_MS));
  }
}
