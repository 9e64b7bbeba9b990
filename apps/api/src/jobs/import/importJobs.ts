import { CreateJobRequest } from '@jobstream/creation';
import { JobId, JobStatus } from '@jobstream/domain';
import * as Schema from 'effect/Schema';
import type { Request, RequestHandler, Response } from 'express';
import type { ApiDeps } from '../../apiDeps.ts';
import { ProblemBody } from '../../http/handleError.ts';
import { MAX_BODY_BYTES } from '../../http/parsing/jsonBody.ts';
import { type PayloadWarning, unlessEmpty, warningsField } from '../../payloads/payloadWarning.ts';
import { Problem } from '../../problems/problem.ts';
import { requestHeaders } from '../../routes/headers.ts';
import type { EndpointDocs } from '../../routes/endpointDocs.ts';
import { importLine, type LineOutcome } from './importLine.ts';
import { mapInOrder } from './mapInOrder.ts';
import { readLines } from './readLines.ts';

/** A line of an import: the body and the key of a single request. */
const ImportLine = Schema.Struct({
  ...CreateJobRequest.fields,
  idempotencyKey: Schema.optionalKey(
    Schema.String.check(Schema.isPattern(new RegExp(requestHeaders['Idempotency-Key'].schema.pattern, 'u'))),
  ).annotateKey({ description: 'As the `Idempotency-Key` of a single request.' }),
});
/** The outcome of a line: the created or existing job, or the mistakes. */
const ImportOutcome = Schema.Union([
  Schema.Struct({
    line: Schema.Int,
    id: JobId,
    status: JobStatus,
    replayed: Schema.optionalKey(Schema.Literal(true)),
    warnings: warningsField,
  }),
  Schema.Struct({ line: Schema.Int, errors: ProblemBody.fields.errors.schema }),
]);
/** The last line of the response. */
const ImportSummary = Schema.Struct({
  done: Schema.Literal(true),
  lines: Schema.Int,
  created: Schema.Int,
  replayed: Schema.Int,
  failed: Schema.Int,
  stopped: Schema.optionalKey(Schema.String).annotateKey({ description: 'Why it ended early.' }),
});
/** A line of the response. */
const ImportAnswer = Schema.Union([...ImportOutcome.members, ImportSummary]).annotate({
  identifier: 'ImportLine',
});

export const importJobsDocs: EndpointDocs = {
  id: 'importJobs',
  tag: 'many jobs',
  summary: 'Import any number of jobs, one per line',
  description:
    'The response has a line for each line of the request, in the same order, as soon as its job is stored, and a summary at the end. Read while you write. A line may have up to 320 KiB.',
  body: { required: true, content: { 'application/x-ndjson': { item: ImportLine } } },
  responses: {
    200: {
      description: 'An outcome for each line, and a summary.',
      headers: ['Cache-Control'],
      content: { 'application/x-ndjson': { item: ImportAnswer } },
    },
  },
  problems: ['too-many-feeds', 'caller-share-exceeded', 'stopping'],
};
/** Limits of the lines that an import processes concurrently. */
const MAX_LINES = 1_000;
const MAX_CHARS = 16_000_000;
/** How long a client may neither send a line nor read an outcome. */
const IDLE_MS = 60_000;
/** How long the request is still read after an early end, so that the response is not lost with the connection. */
const LINGER_MS = 1_000;

const LINES_TYPE = /^\s*application\/(?:x-ndjson|ndjson|jsonl)\s*(?:;|$)/i;

/** `POST /api/jobs/import`: creates a job per line; responds with an outcome per line, in order, and a summary. */
export function importJobs(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    requireLines(req);
    const run = new ImportRun(req, res, deps);
    deps.longRequests.track('imports', res, () => run.stop('the server is shutting down'));
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
  readonly #warned = new Set<string>();
  #reason: string | undefined;
  #change = Promise.withResolvers<void>();

  constructor(req: Request, res: Response, deps: ApiDeps) {
    this.#req = req;
    this.#res = res;
    this.#deps = deps;
    this.#idle = setTimeout(() => this.#giveUp(), IDLE_MS);
  }

  /** Accepts no more lines; lines in process still get their outcomes. */
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
    this.#res.setHeader('X-Accel-Buffering', 'no'); // keeps proxies from buffering lines
    this.#res.flushHeaders();
  }

  #outcomes(): AsyncGenerator<readonly LineOutcome[]> {
    // Destroying the request would close the connection before the response.
    const chunks = this.#req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
    const crew = {
      work: (line: Parameters<typeof importLine>[0]) => importLine(line, this.#res, this.#deps),
      sizeOf: ({ text = '' }: { readonly text?: string }) => text.length,
      maxItems: MAX_LINES,
      maxSize: MAX_CHARS,
    };
    return mapInOrder(readLines(chunks, MAX_BODY_BYTES), crew, this.#stopped.signal);
  }

  async #report(outcomes: readonly LineOutcome[]): Promise<void> {
    this.#idle.refresh();
    let text = '';
    for (const outcome of outcomes) {
      this.#count(outcome);
      text += `${JSON.stringify({ ...outcome, warnings: this.#newWarnings(outcome), stop: undefined })}\n`;
    }
    if (this.#res.write(text) || this.#res.destroyed) return;
    this.#change = Promise.withResolvers();
    await this.#change.promise;
    this.#idle.refresh();
  }

  /** An import mentions each unknown type once, whatever the number of its lines. */
  #newWarnings(outcome: LineOutcome): readonly PayloadWarning[] | undefined {
    if (!('warnings' in outcome) || outcome.warnings === undefined) return undefined;
    const isNew = ({ code, detail }: PayloadWarning) => code !== 'unknown-type' || !this.#warned.has(detail);
    const warnings = outcome.warnings.filter(isNew);
    if (this.#warned.size < MAX_LINES) for (const { detail } of warnings) this.#warned.add(detail);
    return unlessEmpty(warnings);
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
    this.stop('the client disconnected');
    this.#change.resolve();
  }

  #giveUp(): void {
    if (this.#res.writableNeedDrain) this.#res.destroy();
    else this.stop(`no line received for ${IDLE_MS / 1_000} s`);
  }
}
