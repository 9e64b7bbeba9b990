import http from 'node:http';
import https from 'node:https';
import { once } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { capText } from '@jobstream/worker/engine';
import { addressRefused, isPublicAddress, publicLookup } from './publicAddress.ts';

export interface PostRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
  /** Whether addresses outside the public internet may be connected to. */
  readonly allowPrivate: boolean;
}

export interface PostResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** At most 16 KB of the response, as text. */
  readonly body: string;
  readonly truncated: boolean;
}

const BODY_LIMIT = 16 * 1024;

/** Posts a body and returns the response whatever its status; redirects are not followed. Network errors reject. */
export async function postJson(request: PostRequest): Promise<PostResponse> {
  if (!request.allowPrivate) refusePrivateLiteral(request.url);
  const outgoing = send(request);
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  // An error after the response is complete, or was cut off, has no consequence.
  outgoing.on('error', () => undefined);
  return { status: response.statusCode ?? 0, headers: response.headers, ...(await readCapped(response)) };
}

function send({ url, headers, body, signal, allowPrivate }: PostRequest): http.ClientRequest {
  const { request } = url.protocol === 'https:' ? https : http;
  const length = { 'content-length': String(Buffer.byteLength(body)) };
  // Every request has a connection of its own: one that was kept open might be closed by the receiver just then.
  const options = { method: 'POST', headers: { ...headers, ...length }, signal, agent: false };
  const outgoing = request(url, allowPrivate ? options : { ...options, lookup: publicLookup });
  return outgoing.end(body);
}

/** A host that is an address already is connected to without a lookup. */
function refusePrivateLiteral({ hostname }: URL): void {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && !isPublicAddress(host)) throw addressRefused(host, host);
}

async function readCapped(response: IncomingMessage): Promise<Pick<PostResponse, 'body' | 'truncated'>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > BODY_LIMIT) break; // leaving the loop closes the connection
  }
  const text = Buffer.concat(chunks).subarray(0, BODY_LIMIT).toString();
  return { body: capText(text, BODY_LIMIT), truncated: bytes > BODY_LIMIT };
}
