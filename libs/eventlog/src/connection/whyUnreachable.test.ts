import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { freePort } from '@jobstream/test-support';
import { expect, onTestFinished, test } from 'vitest';
import { LogUnreachableError } from '../errors.ts';
import { Connection, type ConnectionOptions } from './connection.ts';

/** Returns what the error says that a connection fails with. */
async function failureOf(options: Omit<ConnectionOptions, 'name'>): Promise<string> {
  const failure = await Connection.open({ ...options, name: 'test' }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(LogUnreachableError);
  return (failure as Error).message;
}

test('a refused connection names the server without its password, and what to do', async () => {
  const port = await freePort();
  expect(await failureOf({ url: `nats://worker:secret@127.0.0.1:${port}` })).toBe(
    `NATS at nats://127.0.0.1:${port} cannot be reached: the connection was refused. Start it, or correct NATS_URL.`,
  );
});

test('where no address was given, that is said', async () => {
  const url = `nats://127.0.0.1:${await freePort()}`;
  expect(await failureOf({ url, urlIsDefault: true })).toBe(
    `NATS at ${url} cannot be reached: the connection was refused. NATS_URL is not set: set it, or start NATS there.`,
  );
});

test('a name that nobody knows is not a refusal', async () => {
  expect(await failureOf({ url: 'nats://nats.invalid' })).toBe(
    'NATS at nats://nats.invalid cannot be reached: its name is not known. Start it, or correct NATS_URL.',
  );
});

test('nor is a server that says nothing', async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => void sockets.push(socket.on('error', () => undefined)));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `nats://127.0.0.1:${(server.address() as AddressInfo).port}`;
  expect(await failureOf({ url })).toBe(
    `NATS at ${url} cannot be reached: it does not answer. Start it, or correct NATS_URL.`,
  );
});

test('a file of credentials that cannot be read is named', async () => {
  expect(await failureOf({ url: 'nats://127.0.0.1:4222', credsFile: '/nowhere/worker.creds' })).toMatch(
    /^NATS at nats:\/\/127\.0\.0\.1:4222 cannot be reached: ENOENT: .+'\/nowhere\/worker\.creds'\. Correct NATS_CREDS\.$/,
  );
});
