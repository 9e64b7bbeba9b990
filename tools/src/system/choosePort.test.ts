import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { choosePort, PortTakenError } from './choosePort.ts';
import { freePort, nextFreePort } from '@jobstream/servers';

let server: Server;
let taken: number;
const said: string[] = [];
const say = (line: string) => void said.push(line);

beforeEach(async () => {
  said.length = 0;
  taken = await freePort();
  server = createServer().listen(taken, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => void server.close());

test('the default port is used when it is free', async () => {
  const usual = await freePort();
  expect(await choosePort({ name: 'NATS', usual, say })).toBe(usual);
  expect(said).toEqual([]);
});

test('another port is chosen and reported when the default one is in use', async () => {
  const port = await choosePort({ name: 'NATS', usual: taken, say });
  expect(port).not.toBe(taken);
  expect(said).toEqual([`port ${taken} is taken, NATS listens on ${port}`]);
});

test('where the ports of a server are to be near each other, the next free one is chosen', async () => {
  const port = await choosePort({ name: 'NATS', usual: taken, instead: nextFreePort, say });
  expect(port).toBeGreaterThan(taken);
  expect(port).toBeLessThan(taken + 100);
});

test('a configured port is never replaced', async () => {
  const choice = choosePort({ name: 'the API', usual: 3000, explicit: String(taken), say });
  await expect(choice).rejects.toThrow(PortTakenError);
  await expect(choice).rejects.toThrow(`PORT=${taken} is taken by another program`);
});

test('free ports are below the ephemeral range, so that a client cannot connect to itself', async () => {
  expect(await choosePort({ name: 'NATS', usual: 0, say })).toBeLessThan(32_768);
});
