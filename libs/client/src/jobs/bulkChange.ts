import { UnavailableError } from '../transport/errors.ts';
import { received, type ApiRequest, type CallOptions, type Transport } from '../transport/transport.ts';

export interface BulkOptions extends CallOptions {
  /** Stored in the event of each job. */
  readonly reason?: string;
  /** The maximum number of jobs: 1 to 100,000, default 1,000. */
  readonly limit?: number;
  readonly dryRun?: boolean;
  /** Called after every 500 jobs or fewer, and not in a dry run. */
  readonly onProgress?: (progress: BulkProgress) => void;
}

/** The outcome of a bulk change. */
export interface BulkChange {
  readonly matched: number;
  readonly changed: number;
  /** Jobs whose status did not allow the change. */
  readonly skipped: number;
  readonly failed: number;
  /** Why the change ended early; repeating the request continues from there. */
  readonly stopped?: string;
}

/** How far a bulk change has come. */
export interface BulkProgress extends BulkChange {
  /** How many jobs matched at the beginning. */
  readonly total: number;
}

/** The response of a dry run. */
type Counted = Partial<BulkChange> & Pick<BulkChange, 'matched'>;
type Line = BulkProgress & { readonly done: boolean };

/** Changes many jobs with one request, which is sent once, and may take as long as it likes. */
export async function changeMany(
  transport: Transport,
  { path, selection }: { readonly path: string; readonly selection: object },
  { signal, onProgress, ...settings }: BulkOptions,
): Promise<BulkChange> {
  const body = { ...selection, ...settings };
  const request = {
    method: 'POST',
    path,
    body,
    signal,
    repeatable: false,
    ofTable: true,
    patienceMs: Infinity,
  } as const;
  if (onProgress !== undefined && settings.dryRun !== true) return lastLine(transport, request, onProgress);
  return { changed: 0, skipped: 0, failed: 0, ...(await transport.ask<Counted>(request)) };
}

async function lastLine(
  transport: Transport,
  request: ApiRequest,
  onProgress: (progress: BulkProgress) => void,
): Promise<BulkChange> {
  const response = await transport.open({ ...request, headers: { accept: 'application/x-ndjson' } });
  for await (const { done, ...progress } of linesOf(response, request)) {
    if (!done) onProgress(progress);
    else {
      const { total: _total, ...outcome } = progress;
      return outcome;
    }
  }
  throw new UnavailableError(`POST ${request.path}: the answer broke off`, { outcomeUnknown: true });
}

async function* linesOf({ body }: Response, request: ApiRequest): AsyncGenerator<Line, void, undefined> {
  const reader = body?.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  for (;;) {
    const { done, value } = (await (reader && received(reader.read(), request))) ?? { done: true };
    if (done) return;
    const lines = (rest + decoder.decode(value, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield JSON.parse(line) as Line;
  }
}
