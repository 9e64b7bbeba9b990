import type { LogChunk } from '@jobstream/eventlog';
import { logLine, type GivenLine } from './logLine.ts';

/** The run of a handler that lines belong to. */
export type LoggedRun = Pick<LogChunk, 'jobId' | 'attempt' | 'runId'>;

/** Bytes of lines that are kept of one run of a handler. */
export const MAX_RUN_BYTES = 65_536;
/** Of which so many are left for what is said about the others. */
const NOTE_BYTES = 256;

/** The lines of one run of a handler that are to be kept, up to a number of bytes. */
export class AttemptLog {
  readonly run: LoggedRun;
  readonly jobType: string;
  /** Lines that were not taken yet. */
  #lines: string[] = [];
  #bytes = 0;
  #chunks = 0;
  #skipped = 0;
  #hasEnded = false;

  constructor(run: LoggedRun, jobType: string) {
    this.run = run;
    this.jobType = jobType;
  }

  /** How many lines were not kept. */
  get skipped(): number {
    return this.#skipped;
  }

  /** Adds a line, or only counts it when there is no room; returns whether there is something to take. */
  add(given: GivenLine): boolean {
    if (this.#hasEnded) return false;
    if (this.#skipped > 0) {
      this.#skipped += 1;
      return false;
    }
    const line = logLine(given);
    const bytes = Buffer.byteLength(line) + 1;
    if (this.#bytes + bytes > MAX_RUN_BYTES - 2 * NOTE_BYTES) {
      this.#note(
        given.time,
        `no more lines of this attempt are kept: it has reached its limit of ${MAX_RUN_BYTES} bytes`,
      );
      this.#skipped = 1;
      return true;
    }
    this.#push(line, bytes);
    return true;
  }

  /** Ends the run at `time`, milliseconds since 1970. A last line says how many are missing. */
  end(time: number): void {
    if (this.#hasEnded) return;
    if (this.#skipped > 0) this.#note(time, `lines of this attempt that were not kept: ${this.#skipped}`);
    this.#hasEnded = true;
  }

  /** Takes the lines that were not taken before. */
  takeChunk(): LogChunk {
    const lines = this.#lines.join('\n');
    this.#lines = [];
    return { ...this.run, chunk: this.#chunks++, end: this.#hasEnded, sealed: false, lines };
  }

  #note(time: number, message: string): void {
    const line = logLine({ time, level: 'warn', bound: '', first: message, message: undefined, stacks: false });
    this.#push(line, Buffer.byteLength(line) + 1);
  }

  #push(line: string, bytes: number): void {
    this.#lines.push(line);
    this.#bytes += bytes;
  }
}
