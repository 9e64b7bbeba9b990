import { useSyncExternalStore } from 'react';

/** By how many milliseconds what the page shows of the table is behind the log: 0 unless the table is late. */
export class TableLag {
  readonly #listeners = new Set<() => void>();
  #ms = 0;

  get ms(): number {
    return this.#ms;
  }

  readonly note = (ms: number): void => {
    if (ms === this.#ms) return;
    this.#ms = ms;
    for (const listener of this.#listeners) listener();
  };

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };
}

export function useTableLag(lag: TableLag): number {
  return useSyncExternalStore(lag.subscribe, () => lag.ms);
}
