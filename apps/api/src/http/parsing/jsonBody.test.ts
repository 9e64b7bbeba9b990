import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { handleError } from '../handleError.ts';
import { jsonBody } from './jsonBody.ts';

let server: Server;
let url: string;

beforeAll(async () => {
  const app = express();
  app.post(
    '/',
    jsonBody({ required: true, maxBytes: 1_000 }),
    (req, res) => void res.json({ read: req.body as unknown }),
  );
  app.use(handleError);
  server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});

afterAll(() => void server.close());

async function answerTo(type: string, body: Buffer, headers: Record<string, string> = {}) {
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': type, ...headers }, body });
  const { type: problem, ...answer } = (await response.json()) as { type?: string; read?: unknown; detail?: string };
  return problem === undefined ? answer : { problem, ...answer };
}

// The first is read without a look for a charset, the others with one: it must make no difference.
describe.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON', 'application/problem+json'])(
  'a body of %s',
  (type) => {
    test('is parsed', async () => {
      expect(await answerTo(type, Buffer.from('{"to":"Zoë","n":[1]}'))).toEqual({ read: { to: 'Zoë', n: [1] } });
    });

    test('may begin with a byte order mark', async () => {
      expect(await answerTo(type, Buffer.from('\uFEFF{"n":1}'))).toEqual({ read: { n: 1 } });
    });

    test('that is empty counts as an empty object', async () => {
      expect(await answerTo(type, Buffer.from(''))).toEqual({ read: {} });
    });

    test.each([
      ['is not UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'malformed-json', /^the body is not UTF-8$/],
      ['is no JSON', Buffer.from('{'), 'malformed-json', /JSON/],
      ['is too large', Buffer.alloc(1_001, ' '), 'payload-too-large', /at most 1000 bytes$/],
    ])('that %s is refused', async (_, body, problem, detail) => {
      expect(await answerTo(type, body)).toMatchObject({
        problem: `urn:jobstream:problem:${problem}`,
        detail: expect.stringMatching(detail) as string,
      });
    });

    test('that is compressed is refused', async () => {
      const answer = answerTo(type, Buffer.from('{}'), { 'content-encoding': 'gzip' });
      expect(await answer).toMatchObject({ problem: 'urn:jobstream:problem:unsupported-media-type' });
    });
  },
);

test.each(['application/json; charset=iso-8859-1', 'application/json; charset=none', 'text/plain'])(
  'a body of %s is refused',
  async (type) => {
    const answer = await answerTo(type, Buffer.from('{}'));
    expect(answer).toMatchObject({ problem: 'urn:jobstream:problem:unsupported-media-type' });
  },
);
