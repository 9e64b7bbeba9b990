import { defineHandler } from '../handler/defineHandler.ts';
import type { Handler } from '../handler/defineHandler.ts';
import type { JobContext } from '../handler/jobContext.ts';
import { postJson } from './postJson.ts';
import { signature } from './signature.ts';
import { webhookResult } from './webhookResult.ts';
import { WebhookPayload } from './webhookPayload.ts';

export interface WebhookOptions {
  /** Signs every request; without it requests carry no signature. */
  readonly secret?: string | undefined;
  readonly allowPrivate: boolean;
}

/** Posts JSON to a URL; see docs/handlers.md for the headers and for which answers are retried. */
export function webhookHandler({ secret, allowPrivate }: WebhookOptions): Handler {
  return defineHandler({
    type: 'webhook',
    payload: WebhookPayload,
    run: async ({ url, body = null, headers = {} }, ctx) => {
      const text = JSON.stringify(body);
      const allHeaders = { ...jsonHeaders, ...lowerCased(headers), ...jobHeaders(text, ctx, secret) };
      const response = await postJson({
        url: new URL(url),
        headers: allHeaders,
        body: text,
        signal: ctx.signal,
        allowPrivate,
      });
      return webhookResult(response);
    },
  });
}

const jsonHeaders = { 'content-type': 'application/json', accept: 'application/json, */*', 'user-agent': 'Jobstream' };

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function jobHeaders(
  body: string,
  { job, attempt, traceparent }: JobContext,
  secret: string | undefined,
): Record<string, string> {
  const timestamp = String(Math.floor(Date.now() / 1_000));
  return {
    'x-jobstream-job-id': job.id,
    'x-jobstream-attempt': String(attempt),
    'x-jobstream-timestamp': timestamp,
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(secret === undefined ? {} : { 'x-jobstream-signature': signature({ jobId: job.id, timestamp, body }, secret) }),
  };
}
