import { createHmac } from 'node:crypto';
import * as Schema from 'effect/Schema';
import type { JobContext } from '@jobstream/worker';
import { jobHandler, type Handler } from '@jobstream/worker/engine';
import { effectJob } from '../../effectJob.ts';
import { postJson } from './postJson.ts';
import { webhookResult } from './webhookResult.ts';

const jsonHeaders = { 'content-type': 'application/json', accept: 'application/json, */*', 'user-agent': 'Jobstream' };

const HttpUrl = Schema.String.check(
  Schema.makeFilter((text) => isHttpUrl(text) || 'expected a URL beginning with http:// or https://'),
);

/** Headers that the HTTP client and the signature rely on; payloads must not set them. */
const reserved = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'upgrade',
  'te',
  'trailer',
  'expect',
]);

const Headers = Schema.Record(Schema.String, Schema.String).check(
  Schema.makeFilter((headers) => {
    const refused = Object.entries(headers).find((header) => !isAllowedHeader(header));
    return refused === undefined || `the header ${JSON.stringify(refused[0])} is reserved or malformed`;
  }),
);

/** `body` is any JSON, default null. */
const webhookJob = effectJob(
  'webhook',
  Schema.Struct({
    url: HttpUrl,
    body: Schema.optionalKey(Schema.Unknown),
    headers: Schema.optionalKey(Headers),
  }),
);

interface WebhookOptions {
  /** Signs every request; without it requests carry no signature. */
  readonly secret?: string | undefined;
  readonly allowPrivate: boolean;
  /** The time in requests, and for a `Retry-After` with a date; default: the clock of the machine. */
  readonly clock?: { now(): number };
}

/** Posts JSON to a URL; see docs/shipped-handlers.md for the headers and for which responses are retried. */
export function webhookHandler({ secret, allowPrivate, clock = Date }: WebhookOptions): Handler {
  return jobHandler(webhookJob, async ({ url, body = null, headers = {} }, ctx) => {
    const text = JSON.stringify(body);
    const allHeaders = {
      ...jsonHeaders,
      ...lowerCased(headers),
      ...jobHeaders({ body: text, now: clock.now() }, ctx, secret),
    };
    const response = await postJson({
      url: new URL(url),
      headers: allHeaders,
      body: text,
      signal: ctx.signal,
      allowPrivate,
    });
    return webhookResult(response, clock.now());
  });
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function jobHeaders(
  { body, now }: { readonly body: string; readonly now: number },
  { job, attempt, runId, traceparent }: JobContext,
  secret: string | undefined,
): Record<string, string> {
  const timestamp = String(Math.floor(now / 1_000));
  return {
    'x-jobstream-job-id': job.id,
    'x-jobstream-attempt': String(attempt),
    'x-jobstream-run': runId,
    'x-jobstream-timestamp': timestamp,
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(secret === undefined ? {} : { 'x-jobstream-signature': signature({ jobId: job.id, timestamp, body }, secret) }),
  };
}

interface SignedRequest {
  readonly jobId: string;
  /** Seconds since 1970, as in the header X-Jobstream-Timestamp. */
  readonly timestamp: string;
  readonly body: string;
}

/** The value of X-Jobstream-Signature: `v1=` and the HMAC-SHA256 of `<job id>.<timestamp>.<body>` in hexadecimal. */
export function signature({ jobId, timestamp, body }: SignedRequest, secret: string): string {
  return `v1=${createHmac('sha256', secret).update(`${jobId}.${timestamp}.${body}`).digest('hex')}`;
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

function isAllowedHeader([name, value]: [string, string]): boolean {
  const lower = name.toLowerCase();
  if (reserved.has(lower) || lower.startsWith('x-jobstream-')) return false;
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name) && /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
}
