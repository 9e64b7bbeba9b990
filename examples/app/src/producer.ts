import { JobstreamClient } from '@jobstream/client';
import { invoice, thumbnail } from './jobs.ts';

const { API_URL: url = 'http://127.0.0.1:3000', API_KEY: credentials } = process.env;
const client = new JobstreamClient({ url, credentials });
const signal = AbortSignal.timeout(60_000);

// The order's number as key: however often this is repeated, there is one invoice.
const order = `order-${process.pid}`;
const lines = [{ cents: 1_990, count: 2 }, { cents: 450 }];
const billed = await client.enqueue(invoice, { order, lines }, { idempotencyKey: order });
const { number, cents } = await billed.result({ signal });
console.log(`invoice ${number}: ${cents} cents`);

// A red pixel; give the address of a picture as argument.
const pixel =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';
const scaled = await client.enqueue(thumbnail, { url: process.argv[2] ?? pixel, width: 64 });
const { width, height, bytes } = await scaled.result({ signal });
console.log(`thumbnail: ${width} x ${height}, ${bytes} bytes`);
