export interface OwnWritesOptions {
  /**
   * Lists, counts, failures and statistics have what this client has changed before: the API waits for its table, for up to two
   * seconds. Default false: they may be a moment older. It does not know what `cancelMany` and `retryMany` change that report progress.
   */
  readonly readYourWrites?: boolean;
  /**
   * With `readYourWrites`: called with each such answer; with how many milliseconds the table was behind if it had not come so far
   * in time, else with 0.
   */
  readonly onTableLag?: (ms: number) => void;
}

interface Asked {
  readonly ofTable?: boolean;
  readonly query?: { readonly minPosition?: unknown };
}

/** Knows which position of the log has all that this client has changed, and asks for a table that has it. */
export class OwnWrites {
  readonly #options: OwnWritesOptions;
  #position = 0;

  constructor(options: OwnWritesOptions) {
    this.#options = options;
  }

  /** What a request asks besides its own query. */
  query({ ofTable = false, query }: Asked): { readonly minPosition?: number } {
    const minPosition = Math.max(this.#position, Number(query?.minPosition ?? 0));
    return ofTable && minPosition > 0 ? { minPosition } : {};
  }

  note({ ofTable = false }: Asked, { headers }: Response): void {
    const { readYourWrites = false, onTableLag } = this.#options;
    if (!readYourWrites) return;
    const lag = headers.get('jobstream-table-lag');
    // Nothing is missing, and the position is not reached: it is of a log that was replaced.
    if (lag === '0') this.#position = 0;
    if (ofTable) onTableLag?.(Number(lag ?? 0));
    this.#position = Math.max(this.#position, Number(headers.get('jobstream-position') ?? 0));
  }
}
