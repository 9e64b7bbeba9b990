import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually } from '../eventually.ts';
import { startTcpProxy } from './startTcpProxy.ts';
import type { TcpProxy } from './startTcpProxy.ts';
import { freePort } from '@jobstream/servers';

let proxy: TcpProxy;
let atServer = '';
let closeServer: () => void;

beforeEach(async () => {
  atServer = '';
  const port = await freePort();
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (data) => {
      atServer += data.toString();
      socket.write(`echo ${data.toString()}`);
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  closeServer = () => server.close();
  proxy = await startTcpProxy(port);
});

afterEach(async () => {
  await proxy[Symbol.asyncDispose]();
  closeServer();
});

async function client(): Promise<{ socket: Socket; heard: () => string }> {
  const socket = connect({ port: proxy.port, host: '127.0.0.1' });
  await once(socket, 'connect');
  let heard = '';
  socket.on('data', (data) => (heard += data.toString()));
  socket.on('error', () => {});
  return { socket, heard: () => heard };
}

test('the proxy forwards bytes in both directions', async () => {
  const { socket, heard } = await client();
  socket.write('a');
  await eventually(() => expect(heard()).toBe('echo a'));
});

test('a request reaches the server while the downstream is paused, and its response arrives after heal', async () => {
  const { socket, heard } = await client();
  proxy.pauseDownstream();
  socket.write('a');
  await eventually(() => expect(atServer).toBe('a'));
  expect(heard()).toBe('');
  await proxy.heal();
  await eventually(() => expect(heard()).toBe('echo a'));
});

test('a request does not reach the server while the upstream is paused, until heal', async () => {
  const { socket, heard } = await client();
  socket.write('a');
  await eventually(() => expect(heard()).toBe('echo a'));
  proxy.pauseUpstream();
  const other = await client();
  socket.write('b');
  other.socket.write('c');
  expect(atServer).toBe('a');
  await proxy.heal();
  await eventually(() => expect(atServer.split('').toSorted()).toEqual(['a', 'b', 'c']));
});

test('a request arrives after the delay of the upstream, and its response at once', async () => {
  const { socket, heard } = await client();
  proxy.delayUpstream(200);
  const before = performance.now();
  socket.write('a');
  await eventually(() => expect(heard()).toBe('echo a'));
  // A timer of Node may be early by a millisecond.
  expect(performance.now() - before).toBeGreaterThanOrEqual(199);
});

test('cut resets connections and refuses new ones until heal', async () => {
  const { socket } = await client();
  const failure = once(socket, 'close').catch(String);
  await proxy.cut();
  expect(await failure).toContain('ECONNRESET');
  const refused = connect({ port: proxy.port, host: '127.0.0.1' });
  const [error] = await once(refused, 'error');
  expect(String(error)).toContain('ECONNREFUSED');
  await proxy.heal();
  const again = await client();
  again.socket.write('b');
  await eventually(() => expect(again.heard()).toBe('echo b'));
});
