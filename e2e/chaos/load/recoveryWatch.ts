import { setTimeout as pause } from 'node:timers/promises';

/** Milliseconds until each sign of life; undefined for one that did not come in time. */
export interface Recovery {
  /** A creation whose request began after the fault was acknowledged. */
  readonly created: number | undefined;
  /** Some job was completed. */
  readonly completed: number | undefined;
  /** The job created first after the fault is in the table. */
  readonly projected: number | undefined;
}

interface Creation {
  readonly id: string;
  readonly beganAt: number;
}

export interface RecoveryWatchOptions {
  /** Whether the table has the job; rejections mean that it has not. */
  readonly isInTable: (id: string) => Promise<boolean>;
}

const GIVE_UP_AFTER_MS = 60_000;
const POLL_MS = 50;

/** Sees from outside how soon the system works again. */
export class RecoveryWatch {
  readonly #options: RecoveryWatchOptions;
  readonly #onCreation = new Set<(creation: Creation) => void>();
  readonly #onCompletion = new Set<() => void>();

  constructor(options: RecoveryWatchOptions) {
    this.#options = options;
  }

  created(creation: Creation): void {
    for (const listener of this.#onCreation) listener(creation);
  }

  completed(): void {
    for (const listener of this.#onCompletion) listener();
  }

  /** Measures from now on. */
  async measure(): Promise<Recovery> {
    const mendedAt = Date.now();
    const creation = this.#nextCreation(mendedAt);
    const [created, completed, projected] = await Promise.all([
      since(mendedAt, creation),
      since(mendedAt, this.#nextCompletion()),
      since(mendedAt, this.#projection(creation)),
    ]);
    return { created, completed, projected };
  }

  #nextCreation(mendedAt: number): Promise<Creation> {
    return new Promise((resolve) => {
      const listener = (creation: Creation) => {
        if (creation.beganAt < mendedAt) return;
        this.#onCreation.delete(listener);
        resolve(creation);
      };
      this.#onCreation.add(listener);
    });
  }

  #nextCompletion(): Promise<void> {
    return new Promise((resolve) => {
      const listener = () => {
        this.#onCompletion.delete(listener);
        resolve();
      };
      this.#onCompletion.add(listener);
    });
  }

  async #projection(creation: Promise<Creation>): Promise<void> {
    const { id } = await creation;
    const deadline = Date.now() + GIVE_UP_AFTER_MS;
    while (Date.now() < deadline && !(await this.#options.isInTable(id).catch(() => false))) await pause(POLL_MS);
  }
}

async function since(start: number, sign: Promise<unknown>): Promise<number | undefined> {
  const timeout = new AbortController();
  const tooLate = pause(GIVE_UP_AFTER_MS, 'too late', { signal: timeout.signal }).catch(() => undefined);
  const first = await Promise.race([sign, tooLate]);
  timeout.abort();
  return first === 'too late' ? undefined : Date.now() - start;
}
