import { rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { resolveFaketime } from '@jobstream/servers';
import { scratchDataFolder } from './scratchDataFolder.ts';

/** The wall clock of processes that are started with its environment; what is true time stays so for all others. */
export class SkewedClock implements AsyncDisposable {
  /** For the environment of each process that has this clock. Its monotonic clock is the true one. */
  readonly env: Readonly<Record<string, string>>;
  readonly #folder: string;

  private constructor(folder: string, library: string) {
    this.#folder = folder;
    this.env = {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: path.join(folder, 'offset'),
      FAKETIME_NO_CACHE: '1',
      // Two names of one setting, from different releases of the library.
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1',
    };
  }

  /** Makes a clock that is `offsetMs` milliseconds ahead of the true time; negative: behind. */
  static async create(offsetMs: number): Promise<SkewedClock> {
    const clock = new SkewedClock(await scratchDataFolder('clock'), await resolveFaketime());
    await clock.set(offsetMs);
    return clock;
  }

  /** Lets the clock of the processes that run jump, and begins those that are started with this offset. */
  async set(offsetMs: number): Promise<void> {
    const file = path.join(this.#folder, 'offset');
    const seconds = offsetMs / 1_000;
    await writeFile(`${file}.new`, `${seconds < 0 ? '' : '+'}${seconds}`);
    await rename(`${file}.new`, file);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}
