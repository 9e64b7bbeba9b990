import { setTimeout as pause } from 'node:timers/promises';
import { monotonicMicros } from '../measure/monotonicMicros.ts';
import type { JobClient, Payload as Sample } from '../systems/jobSystem.ts';

const LOOK_EVERY_MS = 2;
const GIVE_UP_MS = 10_000;

/** Looks again and again whether sampled jobs have completed, as a reader of the system sees it. */
export class CompletionWatch {
  readonly #client: Pick<JobClient, 'completed'>;
  readonly #open = new Map<string, Sample>();
  readonly #onSeen: (n: number, micros: number) => void;
  #looking: Promise<void> | undefined;

  /** `onSeen` is told the number of each job and how long after its due time it was seen, in µs. */
  constructor(client: Pick<JobClient, 'completed'>, onSeen: (n: number, micros: number) => void) {
    this.#client = client;
    this.#onSeen = onSeen;
  }

  add(id: string, sample: Sample): void {
    this.#open.set(id, sample);
    this.#looking ??= this.#look();
  }

  /** Waits for the last samples. */
  async finish(): Promise<void> {
    await this.#looking;
    if (this.#open.size > 0) throw new Error(`${this.#open.size} sampled jobs were not seen completed`);
  }

  async #look(): Promise<void> {
    const deadline = () => Math.max(...[...this.#open.values()].map(({ dueAt }) => dueAt)) + GIVE_UP_MS * 1_000;
    while (this.#open.size > 0 && monotonicMicros() < deadline()) {
      const completed = await this.#client.completed([...this.#open.keys()]);
      const now = monotonicMicros();
      for (const id of completed) {
        const sample = this.#open.get(id);
        if (sample !== undefined) this.#onSeen(sample.n, now - sample.dueAt);
        this.#open.delete(id);
      }
      await pause(LOOK_EVERY_MS);
    }
    this.#looking = undefined;
  }
}
