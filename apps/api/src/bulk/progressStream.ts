import type { Response } from 'express';
import type { BulkLine, BulkTally } from './bulkAnswers.ts';

/** An answer in lines of JSON: how far the work has come, `done` false, and at last the summary, `done` true. */
export class ProgressStream {
  readonly #res: Response;
  readonly #total: number;

  /** `total` is how many jobs matched at the beginning. */
  constructor(res: Response, total: number) {
    this.#res = res;
    this.#total = total;
  }

  readonly progress = (tally: BulkTally): void => {
    this.#begin();
    this.#res.write(this.#line({ done: false, tally }));
  };

  end(tally: BulkTally): void {
    this.#begin();
    this.#res.end(this.#line({ done: true, tally }));
  }

  /** Not before there is something to say: until then a failure can still be answered as one. */
  #begin(): void {
    if (this.#res.headersSent) return;
    this.#res.setHeader('Content-Type', 'application/x-ndjson; charset=utf-8');
    this.#res.setHeader('Cache-Control', 'no-store');
    this.#res.setHeader('X-Accel-Buffering', 'no'); // a proxy that gathers the lines would defeat their purpose
    this.#res.statusCode = 200;
  }

  #line({ done, tally }: { done: boolean; tally: BulkTally }): string {
    const line: typeof BulkLine.Type = { done, total: this.#total, ...tally };
    return `${JSON.stringify(line)}\n`;
  }
}
