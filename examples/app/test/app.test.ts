import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { JobFailedError, JobstreamClient, PayloadError } from '@jobstream/client';
import { createWorker, UnrecoverableError } from '@jobstream/worker';
import sharp from 'sharp';
import { issueInvoice } from '../src/invoice.ts';
import { invoice, thumbnail } from '../src/jobs.ts';
import { makeThumbnail } from '../src/thumbnail.ts';

// A running Jobstream: `npm start` in its repository prints both addresses.
const { API_URL: url = 'http://127.0.0.1:3000', API_KEY: credentials } = process.env;
const client = new JobstreamClient({ url, credentials });
const worker = createWorker({ shutdownGraceMs: 1_000 }).handle(thumbnail, makeThumbnail).handle(invoice, issueInvoice);

const picture = await sharp({ create: { width: 800, height: 400, channels: 3, background: '#336699' } })
  .png()
  .toBuffer();
const pictures = createServer((request, response) => {
  response.writeHead(request.url === '/photo.png' ? 200 : 404).end(request.url === '/photo.png' ? picture : undefined);
});
const photo = () => `http://127.0.0.1:${(pictures.address() as AddressInfo).port}/photo.png`;
const context = { signal: AbortSignal.timeout(60_000), progress: () => undefined };

before(async () => {
  pictures.listen(0, '127.0.0.1');
  await once(pictures, 'listening');
  await worker.start();
});

after(async () => {
  await worker.stop();
  pictures.close();
});

test('a handler is a function that needs no server', async () => {
  const { width, height } = await makeThumbnail({ url: photo(), width: 100 }, context);
  assert.deepEqual({ width, height }, { width: 100, height: 50 });
});

test('a picture that is gone is not tried again', async () => {
  await assert.rejects(makeThumbnail({ url: `${photo()}.gone`, width: 100 }, context), UnrecoverableError);
});

test('a thumbnail is made by the worker, and its result is typed', async () => {
  const job = await client.enqueue(thumbnail, { url: photo(), width: 64 });
  const { width, height, bytes, jpeg } = await job.result({ signal: context.signal });
  assert.deepEqual({ width, height }, { width: 64, height: 32 });
  const metadata = await sharp(Buffer.from(jpeg, 'base64')).metadata();
  assert.deepEqual({ format: metadata.format, width: metadata.width }, { format: 'jpeg', width: 64 });
  assert.equal(bytes, Buffer.from(jpeg, 'base64').length);
});

test('a failed job rejects with the error of its handler', async () => {
  const job = await client.enqueue(thumbnail, { url: `${photo()}.gone`, width: 64 });
  await assert.rejects(job.result({ signal: context.signal }), (error) => {
    assert.ok(error instanceof JobFailedError);
    assert.match(error.message, /there is no picture/);
    return true;
  });
});

test('defaults of the payload are applied by the worker, and one key makes one job', async () => {
  const order = { order: '4711', lines: [{ cents: 250 }, { cents: 100, count: 3 }] };
  const one = await client.enqueue(invoice, order, { idempotencyKey: `invoice-${process.pid}` });
  const other = await client.enqueue(invoice, order, { idempotencyKey: `invoice-${process.pid}` });
  assert.equal(other.id, one.id);
  assert.deepEqual(await one.result({ signal: context.signal }), { number: 'INV-4711', cents: 550 });
});

test('a wrong payload does not compile, and is refused before anything is sent', async () => {
  // @ts-expect-error: the width is a number
  const running = client.enqueue(thumbnail, { url: photo(), width: '64' });
  await assert.rejects(running, (error) => {
    assert.ok(error instanceof PayloadError);
    assert.deepEqual(
      error.issues.map(({ pointer }) => pointer),
      ['/width'],
    );
    return true;
  });
});

test('the type of a result is that of its schema', async () => {
  const job = await client.enqueue(invoice, { order: '4712', lines: [{ cents: 1 }] });
  const result = await job.result({ signal: context.signal });
  // @ts-expect-error: the number of an invoice is a string
  const number: number = result.number;
  assert.equal(typeof number, 'string');
});
