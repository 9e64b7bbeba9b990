import { setTimeout as pause } from 'node:timers/promises';
import { monotonicMicros } from '../measure/monotonicMicros.ts';
import type { JobClient } from '../systems/jobSystem.ts';

const LOOK_EVERY_MS = 2;
const GIVE_UP_MS = 10_000;

/** Looks again and again whether sampled jobs have completed, as a reader of the system sees it. */
export class CompletionWatch {
  readonly #client: Pick<JobClient, 'completed'>;
  readonly #open = new Map<string, number>();
  readonly #took: number[] = [];
  #looking: Promise<void> | undefined;

  constructor(client: Pick<JobClient, 'completed'>) {
    this.#client = client;
  }

  add(id: string, dueAt: number): void {
    this.#open.set(id, dueAt);
    this.#looking ??= this.#look();
  }

  /** Waits for the last samples; how long each took, in µs. */
  async finish(): Promise<readonly number[]> {
    await this.#looking;
    if (this.#open.size > 0) throw new Error(`${this.#open.size} sampled jobs were not seen completed`);
    return this.#took;
  }

  async #look(): Promise<void> {
    const deadline = () => Math.max(...this.#open.values()) + GIVE_UP_MS * 1_000;
    while (this.#open.size > 0 && monotonicMicros() < deadline()) {
      const completed = await this.#client.completed([...this.#open.keys()]);
      const now = monotonicMicros();
      for (const id of completed) {
        this.#took.push(now - (this.#open.get(id) ?? now));
        this.#open.delete(id);
      }
      await pause(LOOK_EVERY_MS);
    }
    this.#looking = undefined;
  }
}
