import { once } from 'node:events';
import { createServer, IncomingMessage, request, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { expect, onTestFinished, test } from 'vitest';
import { expressMessages } from './expressMessages.ts';

test('requests and responses have the prototypes of the app before it sees them', async () => {
  const app = express();
  const server = createServer(expressMessages(app)).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  request({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, agent: false }).end();
  const [req, res] = (await once(server, 'request')) as [IncomingMessage, ServerResponse];
  res.end();
  expect(Object.getPrototypeOf(req)).toBe(app.request);
  expect(Object.getPrototypeOf(res)).toBe(app.response);
  expect(req).toBeInstanceOf(IncomingMessage);
  expect(res).toBeInstanceOf(ServerResponse);
});
