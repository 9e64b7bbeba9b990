import * as fc from 'fast-check';
import { DocumentCheck } from '../contract/documentCheck.ts';
import { readOpenApi } from '../contract/openApi.ts';
import { arbitraryRequest, type FuzzRequest } from './arbitraryRequest.ts';
import { SeenNames } from './seenNames.ts';
import { sendFuzzed } from './sendFuzzed.ts';

export interface FuzzOptions {
  readonly url: string;
  readonly requests: number;
  readonly seed: number;
  /** Called after each handful of requests, with how many there were so far. */
  readonly onProgress?: (sent: number) => Promise<void>;
}

/** Requests under way at the same time. */
const HANDFUL = 25;

/**
 * Sends requests made from the OpenAPI document, good ones and bad ones. Rejects, with the least request that shows it,
 * when an answer is missing, is a 5xx, or is not as documented. Resolves to how many answers had which status.
 */
export async function fuzzRun({ url, requests, seed, onProgress }: FuzzOptions): Promise<ReadonlyMap<number, number>> {
  const check = new DocumentCheck(readOpenApi());
  const seen = new SeenNames();
  const tally = new Map<number, number>();
  let sent = 0;
  const one = async (request: FuzzRequest) => {
    const exchange = await sendFuzzed(url, request, seen);
    tally.set(exchange.status, (tally.get(exchange.status) ?? 0) + 1);
    const faults = [...check.faults(request.operation, exchange), ...(exchange.status >= 500 ? ['a 5xx'] : [])];
    if (faults.length > 0) throw new Error(`${exchange.status}: ${faults.join('; ')}\n${exchange.text.slice(0, 500)}`);
  };
  const handful = fc.array(arbitraryRequest(check.operations), { minLength: HANDFUL, maxLength: HANDFUL });
  const property = fc.asyncProperty(handful, async (several) => {
    await Promise.all(several.map(one));
    sent += several.length;
    await onProgress?.(sent);
  });
  await fc.assert(property, { seed, numRuns: Math.ceil(requests / HANDFUL), interruptAfterTimeLimit: 3_600_000 });
  return tally;
}
