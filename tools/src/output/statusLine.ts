interface StatusLineOptions {
  readonly write: (text: string) => void;
  /** Whether the last line can be drawn anew. */
  readonly isTerminal: boolean;
  readonly columns?: (() => number | undefined) | undefined;
}

const CLEAR = '\r\u{1b}[K';
const TICK_MS = 1_000;
/** Without a terminal, an activity is a line of its own from then on. */
const FIRST_LINE_S = 5;
const NEXT_LINE_S = 15;
/** Less than the lines of a small terminal. */
const LINES_BETWEEN = 20;

/**
 * Output that ends with a line about the state: what is being done and for how long, or a line that must stay in sight. On
 * a terminal it is drawn anew below everything that is written; elsewhere it is written again now and then.
 */
export class StatusLine {
  readonly #options: StatusLineOptions;
  #shown = '';
  #pinned: string | undefined;
  #linesSincePinned = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: StatusLineOptions) {
    this.#options = options;
  }

  /** Writes whole lines above the status. */
  readonly write = (text: string): void => {
    const { write, isTerminal } = this.#options;
    write(this.#shown === '' ? text : CLEAR + text);
    if (isTerminal) return this.#draw(this.#shown);
    this.#linesSincePinned += text.split('\n').length - 1;
    if (this.#pinned === undefined || this.#linesSincePinned < LINES_BETWEEN) return;
    this.#linesSincePinned = 0;
    write(`${this.#pinned}\n`);
  };

  /** Shows what is being done from now on, with its seconds. */
  begin(activity: string): void {
    this.clear();
    const begun = performance.now();
    if (this.#options.isTerminal) this.#draw(`${activity}…`);
    this.#timer = setInterval(() => this.#tick(activity, Math.round((performance.now() - begun) / 1_000)), TICK_MS);
    this.#timer.unref();
  }

  /** Keeps a line in sight from now on. */
  pin(line: string): void {
    this.clear();
    this.#pinned = line;
    this.#linesSincePinned = 0;
    if (this.#options.isTerminal) this.#draw(line);
  }

  /** Shows nothing until the next `begin` or `pin`. */
  clear(): void {
    clearInterval(this.#timer);
    if (this.#shown !== '') this.#options.write(CLEAR);
    this.#shown = '';
    this.#pinned = undefined;
  }

  #tick(activity: string, seconds: number): void {
    const text = `${activity}… ${seconds} s`;
    if (this.#options.isTerminal) this.#draw(text);
    else if (seconds === FIRST_LINE_S || seconds % NEXT_LINE_S === 0) this.#options.write(`${text}\n`);
  }

  #draw(text: string): void {
    const { write, columns } = this.#options;
    this.#shown = text;
    // A line that wraps could not be cleared.
    if (text !== '') write(CLEAR + text.slice(0, (columns?.() || 80) - 1));
  }
}
