import { setTimeout as pause } from 'node:timers/promises';
import { ReadModel } from '@jobstream/readmodel';

const INTERVAL_MS = 20;

/** Looks at the checkpoint all the time: it must never go back. */
export class CheckpointWatch {
  readonly faults: string[] = [];
  looks = 0;
  position = 0;
  readonly #readModel: ReadModel;
  readonly #stop = new AbortController();
  readonly #watching: Promise<void>;

  constructor(databaseUrl: string) {
    this.#readModel = new ReadModel({ databaseUrl, name: 'watch', queryMs: 30_000 });
    this.#watching = this.#watch();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#watching;
    await this.#readModel.stop();
  }

  async #watch(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.#look().catch(() => {}); // a machine under load: the next look tells
      await pause(INTERVAL_MS);
    }
  }

  async #look(): Promise<void> {
    const position = (await this.#readModel.readCheckpoint())?.lastSequence ?? 0;
    if (position < this.position) this.faults.push(`the checkpoint went back from ${this.position} to ${position}`);
    this.position = position;
    this.looks += 1;
  }
}
