import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

/** A busy loop for each processor, until it is disposed of: what a test meets on a machine with much else to do. */
export class BusyLoops implements AsyncDisposable {
  // Threads, since they end with this process however that ends.
  readonly #threads = Array.from({ length: availableParallelism() }, () => new Worker('for (;;);', { eval: true }));

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.terminate()));
  }
}
