import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface SeenRequest {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export type Answer = (res: ServerResponse, request: SeenRequest) => void;

/** A server that answers as no healthy API would: its first request with the first answer, and so on. */
export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly SeenRequest[];
}

/** The last answer is given to all further requests. */
export async function startServer(...answers: readonly Answer[]): Promise<TestServer> {
  const requests: SeenRequest[] = [];
  const server = createServer((req, res) => void respond(req, res));
  const respond = async (req: IncomingMessage, res: ServerResponse) => {
    const request = { method: req.method, url: req.url, headers: req.headers, body: await textOf(req) };
    requests.push(request);
    answers[Math.min(requests.length, answers.length) - 1]?.(res, request);
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function textOf(req: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of req) text += String(chunk);
  return text;
}

/** An answer in JSON. */
export const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Answer =>
  (res) => {
    res.writeHead(status, { 'content-type': 'application/json', ...headers });
    res.end(JSON.stringify(body));
  };

/** A refusal as the API words it. */
export const problem = (status: number, code: string, headers: Record<string, string> = {}): Answer =>
  json(status, { type: `urn:jobstream:problem:${code}`, title: 'No', status }, headers);

/** The connection is lost instead of an answer. */
export const hangUp: Answer = (res) => void res.socket?.resetAndDestroy();

/** The connection is lost in the middle of the answer. */
export const breakOff: Answer = (res) => {
  res.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
  res.write('{"id":', () => res.socket?.resetAndDestroy());
};

/** A feed with these pieces of text, after which the connection is lost, ends, or stays open. */
export const feed =
  (pieces: readonly string[], then: 'lost' | 'end' | 'open'): Answer =>
  (res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    for (const piece of pieces) res.write(piece);
    if (then === 'end') res.end();
    if (then === 'lost') res.write(': x\n', () => res.socket?.resetAndDestroy());
  };
