import { once } from 'node:events';
import * as openTelemetry from '@opentelemetry/api';
import { Metrics, Tracing } from '@jobstream/runtime';
import { eventually, type SentSpan, startSpanReceiver } from '@jobstream/test-support';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { sharedServer } from '../testing/startTestWorker.ts';
import { UnrecoverableError } from './handler/handlerErrors.ts';
import { attemptMetrics } from './telemetry/attemptMetrics.ts';
import { OpenTelemetryTracing } from './telemetry/openTelemetryTracing.ts';

const { log, startWorker } = await sharedServer();

/** What the metrics say of the steps of the only job type. */
async function measured(metrics: Metrics) {
  const lines = (await metrics.text()).split('\n');
  const of = (name: string) => lines.filter((line) => line.startsWith(`${name}{`));
  const outcomes = of('jobstream_steps_total').map((line) => [
    /outcome="([^"]*)"/.exec(line)?.[1],
    Number(line.split(' ')[1]),
  ]);
  const [ran = ''] = of('jobstream_step_duration_seconds_count');
  return { ...Object.fromEntries(outcomes), ran: Number(ran.split(' ')[1]) } as Record<string, number>;
}

test('steps are counted by their outcome, and those that ran are measured', async () => {
  const metrics = new Metrics();
  await using worker = await startWorker(
    async ({ step, attempt }) => {
      await step('charge', () => 'paid');
      await step('send', () => {
        if (attempt === 1) throw new Error('busy');
      });
      await step('report', () => 'x'.repeat(300 * 1_024));
    },
    { observer: attemptMetrics(metrics) },
  );
  const { jobId } = await log.create(worker.type, { backoff: { type: 'fixed', delayMs: 1 } });
  await log.until(jobId, 'failed');
  expect(await measured(metrics)).toEqual({ completed: 2, failed: 1, reused: 1, unrecorded: 1, ran: 4 });
});

test('a step that was running when its job was cancelled was aborted', async () => {
  const metrics = new Metrics();
  await using worker = await startWorker(
    ({ step, signal }) => step('wait', () => once(signal, 'abort').then(() => Promise.reject(new Error('aborted')))),
    { observer: attemptMetrics(metrics) },
  );
  const { jobId } = await log.create(worker.type);
  await eventually(() => expect(worker.lines).toContain('started'));
  await log.act(jobId, { kind: 'CancelJob' });
  await eventually(async () => expect(await measured(metrics)).toEqual({ aborted: 1, ran: 1 }));
});

const { context, trace } = openTelemetry;
const TENANT = openTelemetry.createContextKey('tenant');
const tenant = () => String(context.active().getValue(TENANT));

function attributesOf({ attributes }: SentSpan): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue]));
}

test.each([
  ['of this repository', (tracing: Tracing) => tracing],
  ['of a program with OpenTelemetry', () => new OpenTelemetryTracing(openTelemetry)],
])('each step that runs is a span within that of its attempt, in a worker %s', async (_whose, tracingOf) => {
  await using receiver = await startSpanReceiver();
  const tracing = new Tracing({ endpoint: receiver.endpoint, service: 'test', logger: pino({ level: 'silent' }) });
  await tracing.start();
  const worker = await startWorker(
    async ({ step, attempt }) => {
      const ofTenant = context.active().setValue(TENANT, 'acme');
      await context.with(ofTenant, () =>
        step('charge', () => trace.getTracer('psp').startSpan(`POST /${tenant()}`).end()),
      );
      if (attempt === 1) throw new Error('again');
      await step('send', { key: 'ada@example.com' }, () => {
        throw new UnrecoverableError('no such address');
      });
    },
    { tracing: tracingOf(tracing) },
  );
  const { jobId } = await log.create(worker.type, { backoff: { type: 'fixed', delayMs: 1 } });
  await log.until(jobId, 'failed');
  await worker.stop();
  await tracing.stop();
  const [first, second] = receiver.spans.filter(({ name }) => name === `attempt ${worker.type}`);
  const steps = receiver.spans.filter(({ name }) => name.startsWith('step '));
  expect(steps).toMatchObject([
    { name: 'step charge', kind: 1, traceId: first?.traceId, parentSpanId: first?.spanId },
    { name: 'step send', parentSpanId: second?.spanId, status: { code: 2, message: 'failed' } },
  ]);
  expect(steps.map(attributesOf)).toEqual(
    ['charge', 'send'].map((name) => ({
      'jobstream.job.id': jobId,
      'jobstream.job.type': worker.type,
      'jobstream.step.name': name,
      'jobstream.step.outcome': name === 'send' ? 'failed' : 'completed',
    })),
  );
  expect(receiver.spans.find(({ name }) => name === 'POST /acme')?.parentSpanId).toBe(steps[0]?.spanId);
});
