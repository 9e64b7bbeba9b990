import { startSpanReceiver } from '@jobstream/test-support';
import { context, createContextKey, trace } from '@opentelemetry/api';
import { expect, onTestFinished, test } from 'vitest';
import { createLogger } from '../service/logger.ts';
import { parseTraceparent } from './tracing.ts';
import { Tracing } from './tracing.ts';

const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const TENANT = createContextKey('tenant');
const logger = createLogger({ service: 'test', level: 'silent' });

async function startTracing(endpoint: string | undefined): Promise<Tracing> {
  const tracing = new Tracing({ endpoint, service: 'test', logger });
  await tracing.start();
  onTestFinished(() => tracing.stop());
  return tracing;
}

test.each([
  ['', undefined],
  [TRACE, '4bf92f3577b34da6a3ce929d0e0e4736'],
  [TRACE.toUpperCase(), undefined],
  [`${TRACE}-more`, undefined],
  [TRACE.replace('00-4', '01-4'), undefined],
  ['00-00000000000000000000000000000000-00f067aa0ba902b7-01', undefined],
  ['00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01', undefined],
  [[TRACE], undefined],
])('the trace id of the header %j is %j', (text, traceId) => {
  expect(parseTraceparent(text)?.traceId).toBe(traceId);
});

test('trace context is propagated across awaits without an endpoint, and no span is recorded', async () => {
  const tracing = await startTracing(undefined);
  expect(tracing.isOn).toBe(false);
  const span = tracing.span({ name: 'work', kind: 'consumer', links: [undefined, TRACE] });
  const within = span.within(async () => {
    await Promise.resolve();
    return tracing.current();
  });
  expect(tracing.current()).toBeUndefined();
  expect(await within).toBe(TRACE);
  span.end({ failure: 'no' });
});

test('invalid trace context is not propagated', async () => {
  const tracing = await startTracing(undefined);
  const current = () => tracing.current();
  expect(tracing.span({ name: 'work', kind: 'server', parent: 'nonsense\r\n' }).within(current)).toBeUndefined();
});

test('stop sends the remaining spans with their parent, links and failure', async () => {
  await using receiver = await startSpanReceiver();
  const { endpoint, spans, paths } = receiver;
  const tracing = await startTracing(`${endpoint}/`);
  const server = tracing.span({ name: 'request', kind: 'server', parent: TRACE });
  const traceparent = server.within(() => tracing.current());
  server.end({ name: 'GET /' });
  tracing.span({ name: 'attempt', kind: 'consumer', links: [traceparent] }).end({ failure: 'broken' });
  await tracing.stop();
  expect(paths).toEqual(new Set(['/v1/traces']));
  const [request, attempt] = spans;
  expect(request).toMatchObject({
    name: 'GET /',
    kind: 2,
    traceId: TRACE.slice(3, 35),
    parentSpanId: TRACE.slice(36, 52),
  });
  expect(traceparent).toBe(`00-${request?.traceId}-${request?.spanId}-01`);
  expect(attempt).toMatchObject({ name: 'attempt', kind: 5, status: { code: 2, message: 'broken' } });
  expect(attempt?.links).toEqual([expect.objectContaining({ traceId: request?.traceId, spanId: request?.spanId })]);
  expect(attempt?.traceId).not.toBe(request?.traceId);
  expect(attempt?.parentSpanId).toBeUndefined();
});

test('spans of instrumented libraries are children of ours', async () => {
  await using receiver = await startSpanReceiver();
  const { endpoint, spans } = receiver;
  const tracing = await startTracing(endpoint);
  const ours = tracing.span({ name: 'ours', kind: 'consumer' });
  ours.within(() => trace.getTracer('library').startSpan('theirs').end());
  ours.end();
  await tracing.stop();
  const named = (name: string) => spans.find((span) => span.name === name);
  expect(named('theirs')?.parentSpanId).toBe(named('ours')?.spanId);
});

test('an internal span is a child of the active one, also of one of a library, and active in turn', async () => {
  await using receiver = await startSpanReceiver();
  const tracing = await startTracing(receiver.endpoint);
  const attempt = tracing.span({ name: 'attempt', kind: 'consumer' });
  const seen = attempt.within(() =>
    trace.getTracer('library').startActiveSpan('theirs', {}, context.active().setValue(TENANT, 'acme'), (theirs) => {
      const step = tracing.span({ name: 'step', kind: 'internal' });
      const current = step.within(() => {
        trace.getTracer('library').startSpan('within').end();
        return { traceparent: tracing.current(), tenant: context.active().getValue(TENANT) };
      });
      step.end();
      theirs.end();
      return current;
    }),
  );
  attempt.end();
  await tracing.stop();
  const named = (name: string) => receiver.spans.find((span) => span.name === name);
  expect(named('theirs')?.parentSpanId).toBe(named('attempt')?.spanId);
  expect(named('step')).toMatchObject({ kind: 1, parentSpanId: named('theirs')?.spanId });
  expect(named('within')?.parentSpanId).toBe(named('step')?.spanId);
  expect(seen).toEqual({ traceparent: `00-${named('attempt')?.traceId}-${named('step')?.spanId}-01`, tenant: 'acme' });
});

test('only the spans are lost when the receiver is unreachable', async () => {
  const tracing = await startTracing('http://127.0.0.1:1');
  tracing.span({ name: 'lost', kind: 'server' }).end();
  await expect(tracing.stop()).resolves.toBeUndefined();
});
