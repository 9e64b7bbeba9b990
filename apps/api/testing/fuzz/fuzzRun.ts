import { setTimeout as pause } from 'node:timers/promises';
import * as fc from 'fast-check';
import { DocumentCheck } from '../contract/documentCheck.ts';
import type { Exchange } from '../contract/exchange.ts';
import { readOpenApi } from '../contract/openApi.ts';
import { arbitraryRequest, type FuzzRequest } from './arbitraryRequest.ts';
import { SeenNames } from './seenNames.ts';
import { sendFuzzed } from './sendFuzzed.ts';

export interface FuzzOptions {
  readonly url: string;
  readonly requests: number;
  readonly seed: number;
  /** Called after each group of requests with their number so far. */
  readonly onProgress?: (sent: number) => Promise<void>;
}

/** Concurrent requests. */
const HANDFUL = 25;

/**
 * Sends valid and invalid requests generated from the OpenAPI document.
 *
 * Rejects, with the request, when a response is missing, is a 5xx, or is not as documented; a 503 counts if it is
 * repeated after its `Retry-After`, since a busy machine may be late.
 * @returns the number of responses by status.
 */
export async function fuzzRun({ url, requests, seed, onProgress }: FuzzOptions): Promise<ReadonlyMap<number, number>> {
  const check = new DocumentCheck(readOpenApi());
  const seen = new SeenNames();
  const tally = new Map<number, number>();
  let sent = 0;
  const send = async (request: FuzzRequest) => {
    const exchange = await sendFuzzed(url, request, seen);
    tally.set(exchange.status, (tally.get(exchange.status) ?? 0) + 1);
    return exchange;
  };
  const handful = fc.array(arbitraryRequest(check.operations), { minLength: HANDFUL, maxLength: HANDFUL });
  const property = fc.asyncProperty(handful, async (several) => {
    await Promise.all(several.map((request) => sendAndCheck(request, send, check)));
    sent += several.length;
    await onProgress?.(sent);
  });
  // Requests depend on earlier ones, so failures cannot be shrunk.
  await fc.assert(property, { seed, numRuns: Math.ceil(requests / HANDFUL), endOnFailure: true });
  return tally;
}

async function sendAndCheck(
  request: FuzzRequest,
  send: (request: FuzzRequest) => Promise<Exchange>,
  check: DocumentCheck,
): Promise<void> {
  const first = await send(request);
  const exchange = first.status === 503 ? await pause(retryMs(first)).then(() => send(request)) : first;
  const faults = [...check.faults(request.operation, exchange), ...(exchange.status >= 500 ? ['a 5xx'] : [])];
  if (faults.length === 0) return;
  const { operation, ...rest } = request;
  const shown = `${operation.method} ${operation.path} ${JSON.stringify(rest)}`;
  throw new Error(`${exchange.status}: ${faults.join('; ')}\n${exchange.text.slice(0, 500)}\n${shown.slice(0, 2_000)}`);
}

function retryMs({ headers }: Exchange): number {
  return Number(headers.get('retry-after') ?? 1) * 1_000;
}
