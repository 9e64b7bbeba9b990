import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * An API that answers as a real one seldom does: with one of these bodies in JSON for each `<method> <path>`, and 404 to all else.
 * A list is sent as lines.
 */
export async function answeringApi(
  answers: Readonly<Record<string, object>>,
): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((req, res) => {
    req.resume();
    const answer = answers[`${req.method} ${new URL(req.url ?? '', 'http://api').pathname}`];
    const lines = [answer ?? { title: 'Not found', status: 404 }].flat();
    res.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
    res.end(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
