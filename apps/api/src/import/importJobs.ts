import type { Request, RequestHandler, Response } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import { MAX_BODY_BYTES } from '../http/jsonBody.ts';
import { Problem } from '../problems/problem.ts';
import { importLine, type LineOutcome } from './importLine.ts';
import { inOrder } from './inOrder.ts';
import { readLines } from './readLines.ts';

/** What an import has in hand at once. */
const MAX_LINES = 1_000;
const MAX_CHARS = 16_000_000;
/** A client that neither sends a line nor takes an outcome for so long is gone. */
const IDLE_MS = 60_000;
/** After an early end, what the client still sends is read for so long, lest the answer be lost with the connection. */
const LINGER_MS = 1_000;

const LINES_TYPE = /^\s*application\/(?:x-ndjson|ndjson|jsonl)\s*(?:;|$)/i;

/** `POST /api/jobs/import`: a job a line, of any number; answers a line for each, in order, and a summary. */
export function importJobs(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    requireLines(req);
    const run = new ImportRun(req, res, deps);
    deps.held.hold(res, () => run.stop('this process is about to stop'));
    await run.work();
  };
}

function requireLines({ headers }: Request): void {
  if (LINES_TYPE.test(headers['content-type'] ?? '') && headers['content-encoding'] === undefined) return;
  const detail = 'send lines of JSON, uncompressed, with the header Content-Type: application/x-ndjson';
  throw new Problem('unsupported-media-type', { detail });
}

class ImportRun {
  readonly #req: Request;
  readonly #res: Response;
  readonly #deps: ApiDeps;
  readonly #stopped = new AbortController();
  readonly #idle: NodeJS.Timeout;
  readonly #tally = { lines: 0, created: 0, replayed: 0, failed: 0 };
  #reason: string | undefined;
  #change = Promise.withResolvers<void>();

  constructor(req: Request, res: Response, deps: ApiDeps) {
    this.#req = req;
    this.#res = res;
    this.#deps = deps;
    this.#idle = setTimeout(() => this.#giveUp(), IDLE_MS);
  }

  /** Takes no more lines; those in hand still get their outcomes. */
  stop(reason: string): void {
    this.#reason ??= reason;
    this.#stopped.abort();
  }

  async work(): Promise<void> {
    this.#begin();
    try {
      for await (const outcomes of this.#outcomes()) await this.#report(outcomes);
      this.#end();
    } catch (error) {
      if (!this.#res.destroyed) throw error;
    } finally {
      clearTimeout(this.#idle);
    }
  }

  #begin(): void {
    this.#res.once('close', () => this.#onClose());
    this.#res.on('drain', () => this.#change.resolve());
    this.#res.statusCode = 200;
    this.#res.setHeader('Content-Type', 'application/x-ndjson; charset=utf-8');
    this.#res.setHeader('Cache-Control', 'no-store');
    this.#res.setHeader('X-Accel-Buffering', 'no'); // a proxy that gathers the lines would defeat their purpose
    this.#res.flushHeaders();
  }

  #outcomes(): AsyncGenerator<readonly LineOutcome[]> {
    // Destroying the request would take the connection and the answer with it.
    const chunks = this.#req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
    const crew = {
      work: (line: Parameters<typeof importLine>[0]) => importLine(line, this.#res, this.#deps),
      sizeOf: ({ text = '' }: { readonly text?: string }) => text.length,
      maxItems: MAX_LINES,
      maxSize: MAX_CHARS,
    };
    return inOrder(readLines(chunks, MAX_BODY_BYTES), crew, this.#stopped.signal);
  }

  async #report(outcomes: readonly LineOutcome[]): Promise<void> {
    this.#idle.refresh();
    let text = '';
    for (const outcome of outcomes) {
      this.#count(outcome);
      text += `${JSON.stringify({ ...outcome, stop: undefined })}\n`;
    }
    if (this.#res.write(text) || this.#res.destroyed) return;
    this.#change = Promise.withResolvers();
    await this.#change.promise;
    this.#idle.refresh();
  }

  #count(outcome: LineOutcome): void {
    this.#tally.lines++;
    if ('errors' in outcome) {
      this.#tally.failed++;
      if (outcome.stop !== undefined) this.stop(outcome.stop);
    } else if (outcome.replayed === true) this.#tally.replayed++;
    else this.#tally.created++;
  }

  #end(): void {
    const stopped = this.#reason === undefined ? {} : { stopped: this.#reason };
    this.#res.end(`${JSON.stringify({ done: true, ...this.#tally, ...stopped })}\n`);
    if (!this.#req.complete) setTimeout(() => this.#req.destroy(), LINGER_MS).unref();
  }

  #onClose(): void {
    this.stop('the client has gone');
    this.#change.resolve();
  }

  #giveUp(): void {
    if (this.#res.writableNeedDrain) this.#res.destroy();
    else this.stop(`no line came for ${IDLE_MS / 1_000} s`);
  }
}
