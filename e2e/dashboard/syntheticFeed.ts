import { once } from 'node:events';
import { createServer, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An API whose feed of events is made up; all else is that of a real one. */
export interface SyntheticFeed extends AsyncDisposable {
  readonly url: string;
  /** How many events were sent. */
  readonly sent: number;
}

const TICK_MS = 20;

/** Starts it in front of an API, with so many events of new and running jobs of a type a second while a page listens. */
export async function startSyntheticFeed(api: string, type: string, perSecond: number): Promise<SyntheticFeed> {
  let sent = 0;
  const send = (res: ServerResponse) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    const [before, began] = [sent, performance.now()];
    const timer = setInterval(() => {
      // A page that does not keep up is not sent more, as the API does.
      if (res.writableNeedDrain) return;
      const due = before + ((performance.now() - began) / 1_000) * perSecond;
      res.write(Array.from({ length: Math.min(due - sent, perSecond) }, () => frame(++sent, type)).join(''));
    }, TICK_MS);
    res.on('close', () => clearInterval(timer));
  };
  const server = createServer((req, res) => {
    if (req.url?.startsWith('/api/events')) return send(res);
    const { method, headers, url = '' } = req;
    const passed = request(`${api}${url}`, { method, headers }, (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(res);
    });
    passed.on('error', () => res.destroy());
    req.pipe(passed);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get sent() {
      return sent;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Events of two kinds in turns: a new job, and its start. */
function frame(sequence: number, jobType: string): string {
  const number = Math.ceil(sequence / 2);
  const jobId = `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`;
  const at = new Date().toISOString();
  const what =
    sequence % 2 === 1
      ? { event: 'JobCreated', version: 1, data: { payload: {}, tags: [], maxAttempts: 1, timeoutMs: 1_000 } }
      : { event: 'JobStarted', version: 2, data: { attempt: 1, worker: 'synthetic' } };
  const actor = { kind: 'client', id: 'synthetic' };
  return `id: ${sequence}\nevent: ${what.event}\ndata: ${JSON.stringify({ ...what, sequence, jobId, jobType, at, actor })}\n\n`;
}
