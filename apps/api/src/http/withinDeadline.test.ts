import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express, { type RequestHandler } from 'express';
import { expect, onTestFinished, test } from 'vitest';
import { handleError } from './handleError.ts';
import { sendJson } from './sendJson.ts';
import { requestLimits } from './requestLimits.ts';
import { withinDeadline } from './withinDeadline.ts';

async function listen(handler: RequestHandler): Promise<string> {
  const app = express().get('/', handler).use(handleError);
  app.locals['limits'] = requestLimits(20);
  const server = app.listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('a response that takes too long is replaced, and its late arrival is ignored', async () => {
  const late = Promise.withResolvers<void>();
  const done = Promise.withResolvers<void>();
  const slow: RequestHandler = async (_req, res) => {
    await late.promise;
    done.resolve();
    sendJson(res, 200, {});
  };
  const url = await listen(withinDeadline(slow));
  const response = await fetch(url);
  expect(response.status).toBe(503);
  expect(response.headers.get('retry-after')).toBe('2');
  late.resolve();
  await done.promise;
  expect((await fetch(url)).status).toBe(200);
});
