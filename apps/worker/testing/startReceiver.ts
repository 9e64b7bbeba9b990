import { once } from 'node:events';
import http from 'node:http';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** An HTTP server that notes what it receives and answers as the test says. */
export interface Receiver extends AsyncDisposable {
  /** Its address with the host name `localhost`. */
  readonly url: string;
  readonly port: number;
  readonly received: readonly ReceivedRequest[];
}

/** Starts a receiver on a free loopback port. */
export async function startReceiver(
  answer: (response: ServerResponse, request: ReceivedRequest) => void,
): Promise<Receiver> {
  const received: ReceivedRequest[] = [];
  const server = http.createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { method = '', url = '', headers } = incoming;
      const request = { method, path: url, headers, body: Buffer.concat(chunks).toString() };
      received.push(request);
      answer(response, request);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `http://localhost:${port}`, port, received, [Symbol.asyncDispose]: () => close(server) };
}

async function close(server: http.Server): Promise<void> {
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
}

/** Work for webhook jobs that lasts until the test lets it go, however slow the machine is. */
interface HeldWork extends AsyncDisposable {
  readonly payload: { readonly url: string };
  /** Lets the work of these attempts end, what is at hand and what comes later. */
  letGo(attempt: number): void;
}

/** The worker must be allowed to call private addresses. */
export async function holdWork(): Promise<HeldWork> {
  const held: { attempt: number; response: ServerResponse }[] = [];
  const free = new Set<number>();
  const receiver = await startReceiver((response, { headers }) => {
    const attempt = Number(headers['x-jobstream-attempt']);
    if (free.has(attempt)) response.end();
    else held.push({ attempt, response });
  });
  return {
    payload: { url: receiver.url },
    letGo(attempt) {
      free.add(attempt);
      for (const { response } of held.filter((one) => one.attempt === attempt)) response.end();
    },
    [Symbol.asyncDispose]: () => receiver[Symbol.asyncDispose](),
  };
}
