import { isUtf8 } from 'node:buffer';

/** A line of a request, counted from 1, or what is wrong with it. */
export type Line =
  | { readonly number: number; readonly text: string; readonly fault?: never }
  | { readonly number: number; readonly text?: never; readonly fault: string };

const NEW_LINE = 0x0a;

/** Yields the lines that are not blank, as they arrive; holds at most `maxBytes` of a line in memory. */
export async function* readLines(chunks: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<readonly Line[]> {
  const splitter = new LineSplitter(maxBytes);
  for await (const chunk of chunks) {
    const lines = splitter.linesOf(chunk);
    if (lines.length > 0) yield lines;
  }
  yield splitter.lastLine();
}

class LineSplitter {
  readonly #maxBytes: number;
  #parts: Buffer[] = [];
  #bytes = 0;
  #number = 1;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  linesOf(chunk: Buffer): Line[] {
    const lines: Line[] = [];
    let begin = 0;
    for (let end = chunk.indexOf(NEW_LINE); end !== -1; end = chunk.indexOf(NEW_LINE, begin)) {
      this.#add(chunk.subarray(begin, end));
      lines.push(...this.#finish());
      begin = end + 1;
    }
    this.#add(chunk.subarray(begin));
    return lines;
  }

  lastLine(): Line[] {
    return this.#finish();
  }

  /** Counts what is beyond the limit without keeping it. */
  #add(part: Buffer): void {
    this.#bytes += part.length;
    if (this.#bytes > this.#maxBytes) this.#parts = [];
    else if (part.length > 0) this.#parts.push(part);
  }

  #finish(): Line[] {
    const [bytes, parts, number] = [this.#bytes, this.#parts, this.#number];
    this.#bytes = 0;
    this.#parts = [];
    this.#number++;
    if (bytes > this.#maxBytes) return [{ number, fault: `must have at most ${this.#maxBytes} bytes` }];
    const [first = Buffer.alloc(0)] = parts;
    const whole = parts.length > 1 ? Buffer.concat(parts) : first;
    if (!isUtf8(whole)) return [{ number, fault: 'must be UTF-8' }];
    const text = whole.toString().trim();
    return text === '' ? [] : [{ number, text }];
  }
}
