import type { Readable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import measure from 'fast-string-truncated-width';
import type { Outputs } from './printer.ts';

interface Terminal extends Pick<Outputs, 'stdout'> {
  readonly stdin: Readable & {
    readonly isTTY?: boolean | undefined;
    readonly setRawMode?: ((raw: boolean) => unknown) | undefined;
  };
  readonly signal: AbortSignal;
}

const ENTER = '\u001B[?1049h\u001B[?25l';
const LEAVE = '\u001B[?25h\u001B[?1049l';
const HOME = '\u001B[H';
const CLEAR_LINE = '\u001B[K';
const CLEAR_BELOW = '\u001B[J';
const ROWS = 24;
const CTRL_C = '\u0003';

/** The whole terminal, drawn again and again, until `q`, Ctrl-C or the end of the program. What was on it comes back. */
export class TerminalScreen {
  readonly #terminal: Terminal;
  readonly #quit = new AbortController();
  /** Aborted when the user leaves. */
  readonly left: AbortSignal;

  constructor(terminal: Terminal) {
    const { stdin, stdout, signal } = terminal;
    this.#terminal = terminal;
    this.left = AbortSignal.any([this.#quit.signal, signal]);
    stdout.write(ENTER);
    // Keys come at once, not with the next Enter.
    if (stdin.isTTY === true) stdin.setRawMode?.(true);
    stdin.setEncoding('utf8').on('data', this.#onKeys);
  }

  /** Shows lines from the top of the terminal, as many as it has rows, each as far as it is wide. */
  draw(lines: readonly string[]): void {
    const { rows = ROWS, columns } = this.#terminal.stdout;
    const shown = lines.slice(0, rows - 1).map((line) => cut(line, columns) + CLEAR_LINE);
    this.#terminal.stdout.write(`${HOME}${shown.join('\r\n')}\r\n${CLEAR_BELOW}`);
  }

  close(): void {
    const { stdin, stdout } = this.#terminal;
    stdin.off('data', this.#onKeys).pause();
    if (stdin.isTTY === true) stdin.setRawMode?.(false);
    stdout.write(LEAVE);
  }

  readonly #onKeys = (keys: string): void => {
    if (keys.includes('q') || keys.includes(CTRL_C)) this.#quit.abort();
  };
}

/** A line that is too long would take two rows; what is cut off loses its colours as well. */
function cut(line: string, columns: number | undefined): string {
  if (columns === undefined || measure(line).width <= columns) return line;
  const plain = stripVTControlCharacters(line);
  return `${plain.slice(0, measure(plain, { limit: columns - 1 }).index)}…`;
}
