import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import express, { type RequestHandler } from 'express';
import { expect, onTestFinished, test } from 'vitest';
import { arrivalDeadline, noArrivalDeadline } from './arrivalDeadline.ts';
import { checkAll } from './checkAll.ts';
import { handleError } from '../handleError.ts';
import { jsonBody } from '../parsing/jsonBody.ts';

/** Answers whether the request has a timer; call it a turn of the event loop later. */
const isTimed: RequestHandler = (_req, res) => void res.json(res.locals['arrivalTimer'] !== undefined);

async function startServer(ms: number): Promise<number> {
  const app = express();
  const echo: RequestHandler[] = [jsonBody({ required: true }), (req, res) => void res.json(req.body)];
  app.use(checkAll([arrivalDeadline(ms)]));
  app.post('/jobs', ...echo);
  app.post('/import', noArrivalDeadline, ...echo);
  app.post('/timed', (_req, _res, next) => setImmediate(setImmediate, next), isTimed);
  app.use(handleError);
  const server = createServer(app).listen(0, '127.0.0.1');
  onTestFinished(() => server.closeAllConnections());
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Sends the first half of a body. */
function beginPost(port: number, path: string) {
  const headers = { 'content-type': 'application/json', 'content-length': 8 };
  const sent = request({ host: '127.0.0.1', port, path, method: 'POST', headers });
  sent.on('error', () => undefined);
  sent.write('{"a"');
  return { answer: once(sent, 'response') as Promise<[IncomingMessage]>, finish: () => void sent.end(': 1}') };
}

test('a body that does not arrive in time is answered with 408, and the connection is closed', async () => {
  const [response] = await beginPost(await startServer(100), '/jobs').answer;
  expect(response.statusCode).toBe(408);
  expect(response.headers.connection).toBe('close');
  expect(JSON.parse(await text(response))).toMatchObject({ type: 'urn:jobstream:problem:request-timeout' });
});

test('a body that arrives in time is accepted', async () => {
  const prompt = beginPost(await startServer(60_000), '/jobs');
  prompt.finish();
  expect((await prompt.answer)[0].statusCode).toBe(200);
});

test('a body that came with the head has no timer', async () => {
  const url = `http://127.0.0.1:${await startServer(60_000)}/timed`;
  expect(await (await fetch(url, { method: 'POST', body: '{}' })).json()).toBe(false);
  const [late] = await beginPost(await startServer(60_000), '/timed').answer;
  expect(JSON.parse(await text(late))).toBe(true);
});

test.each(['/import', '/import/', '/IMPORT', '/import?dry=1'])(
  'a route without a deadline waits for the body, also when it is requested as %s',
  async (path) => {
    const port = await startServer(100);
    const [exempt, late] = [beginPost(port, path), beginPost(port, '/jobs')];
    expect((await late.answer)[0].statusCode).toBe(408); // by now the exempt one is as late
    exempt.finish();
    expect((await exempt.answer)[0].statusCode).toBe(200);
  },
);
