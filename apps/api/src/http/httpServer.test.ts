import { once } from 'node:events';
import { Agent, type IncomingMessage, request, type RequestListener } from 'node:http';
import { connect } from 'node:net';
import { createLogger, ListenError } from '@jobstream/runtime';
import { expect, onTestFinished, test } from 'vitest';
import { HttpServer, type HttpServerOptions } from './httpServer.ts';

const logger = createLogger({ service: 'api', level: 'silent' });

async function startServer(listener: RequestListener, options: Partial<HttpServerOptions> = {}): Promise<HttpServer> {
  const server = new HttpServer({
    listener,
    host: '127.0.0.1',
    port: 0,
    graceMs: 10_000,
    noticeMs: 0,
    onStopping: () => {},
    logger,
    ...options,
  });
  onTestFinished(() => server.stop());
  await server.start();
  return server;
}

/** Begins a request over the agent's connections; resolves with the answer's head. */
async function get(server: HttpServer, agent: Agent): Promise<IncomingMessage> {
  const [response] = (await once(request({ port: server.port, host: '127.0.0.1', agent }).end(), 'response')) as [
    IncomingMessage,
  ];
  return response;
}

/** A listener whose answers wait for `finish`; `begun` resolves when the first request has arrived. */
function slowListener() {
  const begun = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  const listener: RequestListener = (_req, res) => {
    begun.resolve();
    void finish.promise.then(() => res.end('done'));
  };
  return { begun: begun.promise, finish: finish.resolve, listener };
}

test('a running request is answered before the server stops, and new connections are refused', async () => {
  const { begun, finish, listener } = slowListener();
  const server = await startServer(listener);
  const url = `http://127.0.0.1:${server.port}`;
  const running = fetch(url);
  await begun;
  const stopped = server.stop();
  await expect.poll(() => server.port).toBe(0);
  await expect(fetch(url)).rejects.toThrow('fetch failed');
  finish();
  expect(await (await running).text()).toBe('done');
  await stopped;
});

test('idle keep-alive connections do not delay the stop', async () => {
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  const server = await startServer((_req, res) => res.end('done'), { graceMs: 600_000 });
  const response = await get(server, agent);
  response.resume();
  await once(response, 'end');
  await server.stop();
  expect(server.port).toBe(0);
});

test('a connection without any request does not delay the stop', async () => {
  const server = await startServer((_req, res) => res.end(), { graceMs: 600_000 });
  const socket = connect(server.port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  await (await fetch(`http://127.0.0.1:${server.port}`)).text(); // by now the server has the other connection, too
  await server.stop();
  await expect.poll(() => socket.destroyed).toBe(true);
});

test('a connection that becomes idle during the stop does not delay it', async () => {
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  const { begun, finish, listener } = slowListener();
  const server = await startServer(listener, { graceMs: 600_000 });
  const running = get(server, agent);
  await begun;
  const stopped = server.stop();
  await expect.poll(() => server.port).toBe(0);
  finish();
  (await running).resume();
  await expect(stopped).resolves.toBeUndefined();
});

test('a request that does not end within the grace time is cut off', async () => {
  const { begun, listener } = slowListener();
  const server = await startServer(listener, { graceMs: 50 });
  const running = fetch(`http://127.0.0.1:${server.port}`);
  const outcome = running.catch((error: unknown) => error);
  await begun;
  await server.stop();
  expect(await outcome).toBeInstanceOf(TypeError);
});

test('the stop is announced while requests are still accepted', async () => {
  const announced = Promise.withResolvers<void>();
  let stopping = false;
  const server = await startServer((_req, res) => res.end(String(stopping)), {
    noticeMs: 1_000,
    onStopping: () => {
      stopping = true;
      announced.resolve();
    },
  });
  const stopped = server.stop();
  await announced.promise;
  const response = await fetch(`http://127.0.0.1:${server.port}`);
  expect(await response.text()).toBe('true');
  expect(response.headers.get('connection')).toBe('close');
  await stopped;
});

test('stop may be called twice, and without a start', async () => {
  const server = await startServer((_req, res) => res.end());
  await Promise.all([server.stop(), server.stop()]);
  await server.stop();
  const idle = new HttpServer({
    listener: () => {},
    host: '127.0.0.1',
    port: 0,
    graceMs: 0,
    onStopping: () => {},
    logger,
  });
  await expect(idle.stop()).resolves.toBeUndefined();
});

test('a port in use is reported in one sentence', async () => {
  const server = await startServer((_req, res) => res.end());
  const start = startServer((_req, res) => res.end(), { port: server.port });
  await expect(start).rejects.toThrow(ListenError);
  await expect(start).rejects.toThrow(
    `cannot listen on 127.0.0.1 port ${server.port}: another program listens there; stop it or set PORT`,
  );
});

test('an address that this machine does not have is reported in one sentence', async () => {
  await expect(startServer((_req, res) => res.end(), { host: '192.0.2.1' })).rejects.toThrow('set HOST');
});
