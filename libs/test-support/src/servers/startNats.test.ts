import { mkdtempDisposable, readdir } from 'node:fs/promises';
import { connect as connectTcp } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { eventually } from '../eventually.ts';
import { startNats } from './startNats.ts';
import { resolveOldNatsServer } from '@jobstream/servers';

async function greeting(port: number): Promise<string> {
  const socket = connectTcp({ port, host: '127.0.0.1' });
  try {
    const [data] = await once(socket, 'data');
    return String(data);
  } finally {
    socket.destroy();
  }
}

test('a server offers JetStream on the loopback interface', async () => {
  await using nats = await startNats();
  expect(nats.url).toMatch(/^nats:\/\/127\.0\.0\.1:\d+$/);
  expect(await greeting(nats.port)).toContain('"jetstream":true');
});

test('a killed server restarts on the same port', async () => {
  await using nats = await startNats();
  const before = { url: nats.url, pid: nats.pid };
  await nats.kill('SIGKILL');
  expect(nats.pid).toBeUndefined();
  await expect(greeting(nats.port)).rejects.toThrow('ECONNREFUSED');
  await nats.restart();
  expect(nats.url).toBe(before.url);
  expect(nats.pid).not.toBe(before.pid);
  expect(await greeting(nats.port)).toContain('INFO');
});

test('a paused server accepts connections and sends nothing until it is resumed', async () => {
  await using nats = await startNats();
  await nats.pause();
  const socket = connectTcp({ port: nats.port, host: '127.0.0.1' });
  await once(socket, 'connect');
  expect(socket.bytesRead).toBe(0);
  await nats.resume();
  socket.resume();
  await eventually(() => expect(socket.bytesRead).toBeGreaterThan(0));
  socket.destroy();
});

test('an older nats-server can be started', async (context) => {
  const old = await resolveOldNatsServer();
  if ('missing' in old) return context.skip(old.missing);
  await using nats = await startNats({ binary: old.binary });
  expect(await greeting(nats.port)).toMatch(/"version":"2\.(9|10)\./);
});

test('a server with the same data folder and name keeps the data of the one before', async () => {
  await using folder = await mkdtempDisposable(path.join(os.tmpdir(), 'jobstream-nats-test-'));
  const options = { dataDir: folder.path, name: 'kept' };
  for (const expected of [[], ['jetstream']]) {
    expect((await readdir(folder.path)).filter((name) => name === 'jetstream')).toEqual(expected);
    await using nats = await startNats(options);
    expect(await greeting(nats.port)).toContain('"server_name":"kept"');
  }
});
