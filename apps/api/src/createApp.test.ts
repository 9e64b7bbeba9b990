import { once } from 'node:events';
import { connect } from 'node:net';
import * as fc from 'fast-check';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { useStage } from '../testing/apiStage.ts';

let lines: Record<string, unknown>[] = [];
const logger = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
const { api } = useStage({ logger });

interface ProblemJson {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  readonly instance?: string;
  readonly requestId: string;
}

/** The problem that a response is: `code` is the end of its type. */
async function problemOf(response: Response): Promise<ProblemJson & { readonly code: string }> {
  expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  const body = (await response.json()) as ProblemJson;
  expect(body).toMatchObject({ status: response.status, requestId: response.headers.get('x-request-id') });
  expect(body.title).not.toBe('');
  return { ...body, code: body.type.replace(/^urn:jobstream:problem:/, '') };
}

/** Sends bytes as they are and returns all that comes back until the server closes the connection. */
async function raw(text: string): Promise<string> {
  const socket = connect(api.server.port, '127.0.0.1');
  let answer = '';
  socket.on('data', (data) => (answer += String(data)));
  socket.write(text);
  await once(socket, 'close');
  return answer;
}

function postRaw(headers: Record<string, string>, body: Uint8Array<ArrayBuffer> | string): Promise<Response> {
  return api.fetch('/api/jobs', { method: 'POST', headers, body });
}

const json = { 'content-type': 'application/json' };

describe('what is not a request for us', () => {
  test('an unknown path is a problem in JSON', async () => {
    expect(await problemOf(await api.fetch('/api/nothing?x=1'))).toMatchObject({
      status: 404,
      code: 'path-not-found',
      instance: '/api/nothing',
    });
  });

  test('a path that does not decode is malformed', async () => {
    expect(await problemOf(await api.fetch('/api/jobs/%E0%A4%A'))).toMatchObject({
      status: 400,
      code: 'malformed-request',
    });
  });

  test.each([
    ['/api/jobs', 'DELETE', 'GET, HEAD, POST, OPTIONS'],
    ['/api/jobs/x', 'POST', 'GET, HEAD, OPTIONS'],
    ['/api/jobs/x/cancel', 'GET', 'POST, OPTIONS'],
    ['/health/live', 'PUT', 'GET, HEAD, OPTIONS'],
  ])('%s does not take %s and says what it takes', async (path, method, allow) => {
    const response = await api.fetch(path, { method });
    expect(response.headers.get('allow')).toBe(allow);
    expect(await problemOf(response)).toMatchObject({ status: 405, code: 'method-not-allowed' });
    const options = await api.fetch(path, { method: 'OPTIONS' });
    expect(options.status).toBe(204);
    expect(options.headers.get('allow')).toBe(allow);
  });

  test('HEAD answers as GET without a body', async () => {
    const response = await api.fetch('/health/live', { method: 'HEAD' });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('');
  });

  test.each([
    ['GARBAGE\r\n\r\n', 400, 'malformed-request'],
    [`GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431, 'headers-too-large'],
  ])('bytes that are no request are answered with a problem', async (text, status, code) => {
    const answer = await raw(text);
    expect(answer).toContain(`HTTP/1.1 ${status} `);
    expect(answer).toContain(`urn:jobstream:problem:${code}`);
  });
});

describe('a request that the HTTP server alone could answer', () => {
  const close = 'Connection: close\r\n';

  test.each([
    ['HTTP/1.1 without Host', `GET /livez HTTP/1.1\r\n${close}\r\n`, '400', 'malformed-request'],
    ['an unknown Expect', `GET /livez HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n${close}\r\n`, '417', 'expectation-failed'],
  ])('%s is answered with a problem', async (_what, text, status, code) => {
    const answer = await raw(text);
    expect(answer).toContain(`HTTP/1.1 ${status} `);
    expect(answer).toContain('Content-Type: application/problem+json');
    expect(answer).toMatch(/^X-Request-Id: /im);
    expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({
      type: `urn:jobstream:problem:${code}`,
      status: Number(status),
    });
  });

  test('HTTP/1.0 needs no Host, and a client may wait for 100 Continue', async () => {
    expect(await raw('GET /livez HTTP/1.0\r\n\r\n')).toContain(' 200 OK');
    const head = `POST /api/jobs HTTP/1.1\r\nHost: localhost\r\n${close}Content-Type: application/json\r\n`;
    const answer = await raw(`${head}Expect: 100-Continue\r\nContent-Length: 16\r\n\r\n{"type":"email"}`);
    expect(answer).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 201 Created\r\n/);
  });
});

describe('bodies', () => {
  test.each(['/api/jobs', '/api/jobs/batch'])('of %s are refused by their length before they arrive', async (path) => {
    const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n`;
    const answer = await raw(`${head}Content-Length: 9000000000\r\n\r\n{`);
    expect(answer).toContain('HTTP/1.1 413 ');
    expect(answer).toContain('urn:jobstream:problem:payload-too-large');
  });

  test.each(['{', '{"type":"email",}', "{'type':'email'}", 'nonsense', '{"type":"email"}}'])(
    'broken JSON %j is malformed',
    async (text) => {
      expect(await problemOf(await api.post('/api/jobs', text))).toMatchObject({
        status: 400,
        code: 'malformed-json',
        detail: expect.stringContaining('JSON'),
      });
    },
  );

  test('bytes that are not UTF-8 are malformed', async () => {
    const bytes = Uint8Array.from([...Buffer.from('{"type":"email","payload":"'), 0xff, ...Buffer.from('"}')]);
    expect(await problemOf(await postRaw(json, bytes))).toMatchObject({ status: 400, code: 'malformed-json' });
  });

  test.each([
    'application/x-www-form-urlencoded',
    'text/plain',
    'application/jsonp',
    'application/json; charset=utf-16',
  ])('a body of type %s is not taken', async (type) => {
    expect(await problemOf(await postRaw({ 'content-type': type }, '{"type":"email"}'))).toMatchObject({
      status: 415,
      code: 'unsupported-media-type',
    });
  });

  test('a compressed body is not taken', async () => {
    expect(await problemOf(await postRaw({ ...json, 'content-encoding': 'gzip' }, 'x'))).toMatchObject({
      status: 415,
      code: 'unsupported-media-type',
    });
  });

  test.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON', 'application/vnd.api+json'])(
    'a body of type %s is taken',
    async (type) => {
      expect((await postRaw({ 'content-type': type }, '{"type":"email"}')).status).toBe(201);
    },
  );

  test('an empty body lacks a type', async () => {
    expect(await problemOf(await api.post('/api/jobs', ''))).toMatchObject({ status: 422, code: 'invalid-request' });
  });

  test.each([
    ['a payload of one byte more than 256 KiB', 256 * 1_024 - 1],
    ['a body far beyond that', 2 * 1_024 * 1_024],
  ])('%s is too large', async (_what, length) => {
    const response = await api.post('/api/jobs', { type: 'email', payload: 'x'.repeat(length) });
    expect(await problemOf(response)).toMatchObject({ status: 413, code: 'payload-too-large' });
  });

  test('a payload of 256 KiB is taken', async () => {
    const response = await api.post('/api/jobs', { type: 'email', payload: 'x'.repeat(256 * 1_024 - 2) });
    expect(response.status).toBe(201);
  });

  test('white space does not count as payload', async () => {
    const text = `{"type":"email","payload":{}${' '.repeat(300_000)}}`;
    expect((await api.post('/api/jobs', text)).status).toBe(201);
  });

  test('numbers that grow when they are written out cannot take the log beyond its limit', async () => {
    const payload = `[${Array.from({ length: 52_000 }, () => '1e20').join(',')}]`;
    expect(await problemOf(await api.post('/api/jobs', `{"type":"email","payload":${payload}}`))).toMatchObject({
      status: 413,
      code: 'payload-too-large',
    });
  });

  test('an idempotency key that is given twice is refused', async () => {
    const key = 'Idempotency-Key: a\r\nIdempotency-Key: b\r\n';
    const head = `POST /api/jobs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${key}`;
    const answer = await raw(`${head}Content-Type: application/json\r\nContent-Length: 16\r\n\r\n{"type":"email"}`);
    expect(answer).toContain('HTTP/1.1 400 ');
    expect(answer).toContain('must be given once');
  });

  test('any JSON value is created or refused, and never breaks anything', async () => {
    const field = fc.constantFrom('type', 'payload', 'runAt', 'delayMs', 'maxAttempts', 'backoff', 'timeoutMs', 'tags');
    const almost = fc.dictionary(fc.oneof(field, fc.string()), fc.jsonValue(), { maxKeys: 8 });
    const good = fc.record({ type: fc.constant('email'), payload: fc.jsonValue(), tags: fc.array(fc.string()) });
    const bodies = fc.oneof(fc.jsonValue(), almost, good);
    await fc.assert(
      fc.asyncProperty(bodies, async (body) => {
        const { status } = await api.post('/api/jobs', JSON.stringify(body));
        expect([201, 422]).toContain(status);
      }),
      { numRuns: 500 },
    );
  });
});

test('any text as a body or as a query is created or refused as well', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary' }), async (text) => {
      const { status } = await api.post('/api/jobs', text);
      expect([201, 400, 422]).toContain(status);
      const { status: listed } = await api.fetch(`/api/jobs?${encodeURI(text.toWellFormed())}`);
      expect([200, 400]).toContain(listed);
    }),
    { numRuns: 200 },
  );
});

describe('every answer', () => {
  test('tells browsers to do nothing with it and not what runs here', async () => {
    const { headers } = await api.fetch('/');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toBe("default-src 'none';frame-ancestors 'none'");
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.has('x-powered-by')).toBe(false);
    expect(headers.has('server')).toBe(false);
  });

  test('bears the id of its request: the sender’s if it is a sane one', async () => {
    const given = await api.fetch('/', { headers: { 'x-request-id': 'trace/1:2.3_4' } });
    expect(given.headers.get('x-request-id')).toBe('trace/1:2.3_4');
    for (const id of ['', 'a b', 'x'.repeat(129), '<script>']) {
      const { headers } = await api.fetch('/', { headers: { 'x-request-id': id } });
      expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  test.each(['/health/live', '/health/live/', '/livez', '/health/ready', '/readyz', '/metrics'])(
    'from the probe %s has no line in the log at level info',
    async (path) => {
      lines = [];
      expect((await api.fetch(path)).status).toBe(200);
      await api.fetch('/', { headers: { 'x-request-id': 'after-the-probe' } });
      await expect.poll(() => lines).toContainEqual(expect.objectContaining({ requestId: 'after-the-probe' }));
      expect(lines.map((line) => line['path'])).toEqual(['/']);
    },
  );

  test('has one line in the log with the ids of request and job, and nothing of what was sent', async () => {
    lines = [];
    const body = { type: 'email', payload: 'top secret' };
    const response = await api.post('/api/jobs', body, { 'x-request-id': 'logged-1', authorization: 'Basic secret' });
    const { id } = (await response.json()) as { id: string };
    await expect.poll(() => lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({
      requestId: 'logged-1',
      jobId: id,
      method: 'POST',
      path: '/api/jobs',
      status: 201,
      ms: expect.any(Number),
    });
    expect(JSON.stringify(lines)).not.toContain('secret');
  });
});
