import type { Exchange } from '../contract/exchange.ts';
import { BROKEN, type FuzzRequest, SEEN } from './arbitraryRequest.ts';
import type { SeenNames } from './seenNames.ts';

/** The API promises 5 s; this machine may be busy. */
const ANSWER_MS = 20_000;
/** How long a stream is read once it has begun. */
const STREAM_MS = 50;

/** Sends a request and reads the response, or the beginning of a stream; rejects after a timeout. */
export async function sendFuzzed(url: string, request: FuzzRequest, seen: SeenNames): Promise<Exchange> {
  const { operation, headers, body } = request;
  const ending = new AbortController();
  const late = setTimeout(() => ending.abort(new Error(`no answer within ${ANSWER_MS} ms`)), ANSWER_MS);
  try {
    const response = await fetch(url + addressOf(request, seen), {
      method: operation.method,
      headers: { ...(body === undefined ? {} : { 'content-type': typeOf(operation) }), ...headers },
      ...(body === undefined ? {} : { body }),
      signal: ending.signal,
      redirect: 'manual',
    });
    const type = response.headers.get('content-type')?.split(';')[0];
    const text = type === 'text/event-stream' ? await beginningOf(response) : await response.text();
    seen.learn(operation.path, text);
    return { status: response.status, headers: response.headers, type, text };
  } finally {
    clearTimeout(late);
    ending.abort();
  }
}

function addressOf({ operation, params, query, seen: index }: FuzzRequest, seen: SeenNames): string {
  const { path } = operation;
  const address = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const given = params[name] ?? '';
    return segment(given === SEEN ? seen.pick(path, name, index) : given);
  });
  if (query === '') return address;
  const pairs = [...new URLSearchParams(query)].map(([name, value]) => {
    return [name, value === SEEN ? seen.pick(path, name, index) : value] as [string, string];
  });
  return `${address}?${new URLSearchParams(pairs).toString()}`;
}

/** Dots alone, or nothing at all, would be another path. */
function segment(text: string): string {
  if (text === BROKEN) return text;
  return /^\.{0,2}$/.test(text) ? 'dots' : encodeURIComponent(text.toWellFormed());
}

function typeOf({ body = {} }: FuzzRequest['operation']): string {
  return Object.keys(body)[0] ?? 'application/json';
}

async function beginningOf(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  if (reader === undefined) return '';
  let text = '';
  const timer = setTimeout(() => void reader.cancel(), STREAM_MS);
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    text += Buffer.from(value as Uint8Array).toString();
  }
  clearTimeout(timer);
  return text.slice(0, text.lastIndexOf('\n\n') + 1);
}
