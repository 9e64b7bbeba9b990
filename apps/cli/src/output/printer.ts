import { styleText } from 'node:util';
import { formatTable, type Column } from './table.ts';
import { formatClock, formatDue, formatTime } from './times.ts';

/** A stream that text is written to: a terminal, a file or a pipe. */
interface TextOutput {
  write(text: string): boolean;
  /** How wide the terminal is; undefined when there is none. */
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  readonly isTTY?: boolean | undefined;
}

/** Where a command writes to. */
export interface Outputs {
  /** For what was asked for. */
  readonly stdout: TextOutput;
  /** For what is said beside it: errors, warnings. */
  readonly stderr: TextOutput;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** How a text may stand out on a terminal. */
export type Tone = 'good' | 'bad' | 'busy' | 'quiet' | 'strong';

const STYLES = { good: 'green', bad: 'red', busy: 'cyan', quiet: 'dim', strong: 'bold' } as const;

interface PrintOptions {
  readonly json: boolean;
  readonly utc: boolean;
}

type Rows<Row> = readonly Row[] | AsyncIterable<Row>;

/** Writes what a command has to say: for people, or with `--json` for programs. */
export interface Printer {
  readonly json: boolean;
  /** Writes a document as one line of JSON, or what `describe` makes of it for people. */
  readonly document: (document: unknown, describe: () => string) => void;
  /** Writes documents as lines of JSON, each at once, or as a table for people; `none` is said when there are no rows. */
  readonly table: <Row>(rows: Rows<Row>, columns: readonly Column<Row>[], none: string) => Promise<void>;
  /** Writes a line for people beside the output. */
  readonly note: (text: string) => void;
  /** Shows a time relative to now, or in UTC where the user wants that. */
  readonly time: (instant: string) => string;
  /** Shows the time at which something is due: relative to `from`, or to now, and `now` when it has come. */
  readonly due: (instant: string, from?: string) => string;
  /** Shows the time of an event on the clock, or in UTC. */
  readonly clock: (instant: string) => string;
  readonly tone: (tone: Tone, text: string) => string;
}

export function createPrinter({ stdout, stderr, env }: Outputs, { json, utc }: PrintOptions): Printer {
  const coloured = stdout.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
  const tone = (name: Tone, text: string) =>
    coloured ? styleText(STYLES[name], text, { validateStream: false }) : text;
  const print = (text: string) => stdout.write(`${text}\n`);
  const heading = (text: string) => tone('quiet', text);
  return {
    json,
    tone,
    document: (document, describe) => print(json ? JSON.stringify(document) : describe()),
    async table(rows, columns, none) {
      const kept = [];
      for await (const row of rows) {
        if (json) print(JSON.stringify(row));
        else kept.push(row);
      }
      if (kept.length > 0) print(formatTable(kept, columns, { width: stdout.columns, heading }));
      else if (!json) stderr.write(`${none}\n`);
    },
    note: (text) => stderr.write(`${text}\n`),
    clock: (instant) => formatClock(instant, { utc, now: Date.now() }),
    due: (instant, from) => formatDue(instant, { utc, now: from === undefined ? Date.now() : Date.parse(from) }),
    time: (instant) => formatTime(instant, { utc, now: Date.now() }),
  };
}
