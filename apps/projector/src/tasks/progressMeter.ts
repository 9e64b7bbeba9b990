export interface ProgressMeterOptions {
  readonly write: (text: string) => void;
  /** Draws a moving bar instead of writing a line every few seconds. */
  readonly bar: boolean;
  /** A monotonic clock in milliseconds; default `performance.now`. */
  readonly now?: () => number;
}

interface Shown {
  readonly progress: Progress;
  readonly at: number;
}

const LINE_INTERVAL_MS = 5_000;
const BAR_INTERVAL_MS = 100;
const BAR_WIDTH = 30;
const MANY = 100;
const NUMBERS = new Intl.NumberFormat('en');

/** Writes progress, rate and remaining time, for a terminal or for a log. */
export class ProgressMeter {
  readonly #options: ProgressMeterOptions;
  #began: { readonly step: string; readonly done: number; readonly at: number } | undefined;
  #shown: Shown | undefined;
  #lineIsOpen = false;

  constructor(options: ProgressMeterOptions) {
    this.#options = options;
  }

  readonly report: OnProgress = (progress) => {
    const { now = () => performance.now() } = this.#options;
    const at = now();
    if (this.#began?.step !== progress.step) this.#begin(progress, at);
    const shown = this.#shown;
    if (shown !== undefined && !this.#isWorthShowing(progress, at, shown)) return;
    this.#shown = { progress, at };
    this.#show(progress, at);
  };

  #isWorthShowing({ done, total, detail }: Progress, at: number, shown: Shown): boolean {
    const { progress: last, at: shownAt } = shown;
    if (done === total) return last.done !== done || last.total !== total;
    return detail !== last.detail || at - shownAt >= (this.#options.bar ? BAR_INTERVAL_MS : LINE_INTERVAL_MS);
  }

  /** Ends a bar, so that other text begins on a new line. */
  end(): void {
    if (this.#lineIsOpen) this.#options.write('\n');
    this.#lineIsOpen = false;
  }

  #begin({ step, done }: Progress, at: number): void {
    this.end();
    this.#began = { step, done, at };
    this.#shown = undefined;
  }

  #show(progress: Progress, at: number): void {
    const text = `${progress.step}: ${this.#figures(progress, at)}`;
    if (!this.#options.bar) return this.#options.write(`${text}\n`);
    this.#options.write(`\r\u{1b}[K${barOf(progress)} ${text}`);
    this.#lineIsOpen = true;
  }

  #figures({ done, total, detail }: Progress, at: number): string {
    const begun = this.#began ?? { done: 0, at };
    // A rate over a few steps of different size, such as indexes, is meaningless.
    const perMs = at > begun.at && total >= MANY ? (done - begun.done) / (at - begun.at) : 0;
    const parts = [`${NUMBERS.format(done)} of ${NUMBERS.format(total)}`];
    if (detail !== undefined) parts.push(detail);
    if (perMs > 0) parts.push(`${NUMBERS.format(Math.round(perMs * 1_000))}/s`);
    if (perMs > 0 && done < total) parts.push(`${durationOf((total - done) / perMs)} left`);
    return parts.join(', ');
  }
}

function barOf({ done, total }: Progress): string {
  const share = total === 0 ? 1 : done / total;
  const filled = Math.round(share * BAR_WIDTH);
  return `[${'='.repeat(filled).padEnd(BAR_WIDTH)}] ${String(Math.floor(share * 100)).padStart(3)} %`;
}

function durationOf(ms: number): string {
  const seconds = Math.ceil(ms / 1_000);
  return seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
}

/** The progress of a task, counted in messages, events, indexes or rows, depending on the step. */
export interface Progress {
  readonly step:
    | 'archiving'
    | 'waiting for the projector'
    | 'reading the log'
    | 'making indexes'
    | 'comparing'
    | 'swapping'
    | 'repairing';
  readonly done: number;
  readonly total: number;
  /** The present part of the step, such as the name of an index. */
  readonly detail?: string;
}

export type OnProgress = (progress: Progress) => void;
