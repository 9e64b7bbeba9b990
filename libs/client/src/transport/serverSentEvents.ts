/** A block of an event stream; one without data only moves the position. */
export interface ServerSentEvent {
  readonly id?: string;
  readonly data?: string;
}

/** A line ends with CR LF, LF or CR; a CR at the very end may have its LF in the next piece. */
const LINE_END = /\r\n|\n|\r(?!\n|$)/;

/** Parses `text/event-stream` incrementally. Incomplete blocks are ignored, as the standard requires. */
export class ServerSentEvents {
  #rest = '';
  #id: string | undefined;
  #data: string[] = [];

  /** Returns the blocks that this chunk completes. */
  push(piece: string): ServerSentEvent[] {
    const lines = (this.#rest + piece).split(LINE_END);
    this.#rest = lines.pop() ?? '';
    return lines.flatMap((line) => this.#take(line) ?? []);
  }

  #take(line: string): ServerSentEvent | undefined {
    if (line === '') return this.#block();
    const [, name = '', value = ''] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
    if (name === 'id') this.#id = value;
    if (name === 'data') this.#data.push(value);
    return undefined;
  }

  #block(): ServerSentEvent {
    const block = {
      ...(this.#id === undefined ? {} : { id: this.#id }),
      ...(this.#data.length === 0 ? {} : { data: this.#data.join('\n') }),
    };
    this.#id = undefined;
    this.#data = [];
    return block;
  }
}
