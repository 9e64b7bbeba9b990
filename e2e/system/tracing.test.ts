import { rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  createDatabase,
  eventually,
  type RunningSystem,
  scratchDataFolder,
  startSystem,
} from '@jobstream/test-support';
import { connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { jobsClient } from '../harness/jobsClient.ts';

const CALLER = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };

let dataDir: string;
let receiver: TraceReceiver;
let system: RunningSystem;

beforeAll(async () => {
  dataDir = await scratchDataFolder('tracing');
  receiver = await startTraceReceiver();
  system = await startSystem(dataDir, {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
    DATABASE_URL: await createDatabase(),
  });
});

afterAll(async () => {
  await system.stop();
  await receiver[Symbol.asyncDispose]();
  await rm(dataDir, { recursive: true, force: true });
});

async function createJob(payload: object): Promise<string> {
  const response = await fetch(`${system.api}/api/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', traceparent: `00-${CALLER.traceId}-${CALLER.spanId}-01` },
    body: JSON.stringify({ type: 'sleep', payload, backoff: { type: 'fixed', delayMs: 10 } }),
  });
  return ((await response.json()) as { id: string }).id;
}

async function spanThat(matches: (span: SentSpan) => boolean): Promise<SentSpan> {
  return eventually(() => {
    const found = receiver.spans.find(matches);
    if (found === undefined) throw new Error(`no such span in ${JSON.stringify(receiver.spans)}`);
    return found;
  });
}

const linksTo =
  ({ traceId, spanId }: { traceId: string; spanId: string }) =>
  ({ links = [] }: SentSpan) =>
    links.some((link) => link.traceId === traceId && link.spanId === spanId);

async function traceparentOf(id: string, token: string): Promise<string | undefined> {
  const nats = await connect(system.operator);
  const answer = await nats.request(`$JS.API.DIRECT.GET.JOBS.jobs.sleep.${id}.${token}`, '', { timeout: 60_000 });
  await nats.close();
  return answer.headers?.get('traceparent');
}

const attribute = ({ attributes }: SentSpan, name: string) =>
  attributes.find(({ key }) => key === name)?.value.stringValue;

test('a job is followed from the caller through HTTP and its attempts to the table', async () => {
  const id = await createJob({ durationMs: 1, failTimes: 1 });
  await jobsClient(system.api).reaches(id, 'completed');
  const request = await spanThat(({ parentSpanId }) => parentSpanId === CALLER.spanId);
  expect(request).toMatchObject({ service: 'jobstream-api', name: 'POST /api/jobs', traceId: CALLER.traceId });
  const first = await spanThat((span) => span.service === 'jobstream-worker' && linksTo(request)(span));
  expect(first).toMatchObject({ name: 'attempt sleep' });
  expect(first.traceId).not.toBe(request.traceId);
  expect(attribute(first, 'jobstream.job.id')).toBe(id);
  expect(attribute(first, 'jobstream.attempt.outcome')).toBe('retried');
  const second = await spanThat((span) => span.service === 'jobstream-worker' && linksTo(first)(span));
  expect(attribute(second, 'jobstream.attempt.outcome')).toBe('completed');
  for (const cause of [request, first, second]) {
    const projection = await spanThat((span) => span.service === 'jobstream-projector' && linksTo(cause)(span));
    expect(projection.name).toBe('project');
  }
  expect(await traceparentOf(id, 'created')).toBe(`00-${request.traceId}-${request.spanId}-01`);
  expect(await traceparentOf(id, 'completed')).toBe(`00-${second.traceId}-${second.spanId}-01`);
});

test('probes and scrapes are no spans', async () => {
  await fetch(`${system.api}/health/ready`);
  await fetch(`${system.api}/metrics`);
  await jobsClient(system.api).list('limit=1');
  await spanThat(({ name }) => name === 'GET /api/jobs');
  expect(receiver.spans.filter(({ name }) => /health|metrics/.test(name))).toEqual([]);
});

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: number };
}

/** A span as OTLP/JSON has it, with the name of the service that sent it. */
interface SentSpan {
  readonly service: string | undefined;
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly attributes: readonly Attribute[];
}

interface Export {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly Omit<SentSpan, 'service'>[] }[];
  }[];
}

interface TraceReceiver extends AsyncDisposable {
  readonly endpoint: string;
  readonly spans: readonly SentSpan[];
}

/** Receives traces by OTLP over HTTP, as a collector would. */
async function startTraceReceiver(): Promise<TraceReceiver> {
  const spans: SentSpan[] = [];
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      spans.push(...spansIn(JSON.parse(Buffer.concat(chunks).toString()) as Export));
      res.setHeader('content-type', 'application/json').end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function spansIn({ resourceSpans }: Export): SentSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = resource.attributes.find(({ key }) => key === 'service.name')?.value.stringValue;
    return scopeSpans.flatMap((scope) => scope.spans.map((span) => ({ ...span, service })));
  });
}
