import { expect, test } from 'vitest';
import { useStage } from '../../testing/apiStage.ts';

const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

const { api } = useStage();

/** The trace that the first event after a request belongs to. */
async function traceOfEvent(request: () => Promise<Response>): Promise<string | undefined> {
  const after = await api.log.lastSequence();
  expect((await request()).ok).toBe(true);
  for await (const [entry] of api.log.follow({ after, traces: true })) {
    return entry?.kind === 'event' ? entry.traceparent || undefined : undefined;
  }
  return undefined;
}

const create = (headers: Record<string, string>) => api.post('/api/jobs', { type: 'email' }, headers);

test('without tracing, the trace of a request goes on to the event that it makes', async () => {
  expect(await traceOfEvent(() => create({ traceparent: TRACE }))).toBe(TRACE);
});

test('that of a cancellation, too', async () => {
  const { id } = (await (await create({})).json()) as { id: string };
  expect(await traceOfEvent(() => api.post(`/api/jobs/${id}/cancel`, {}, { traceparent: TRACE }))).toBe(TRACE);
});

test.each(['nonsense', `${TRACE}, ${TRACE}`, TRACE.replace('4bf92f3577b34da6a3ce929d0e0e4736', '0'.repeat(32))])(
  'what is no trace goes nowhere: %s',
  async (traceparent) => {
    expect(await traceOfEvent(() => create({ traceparent }))).toBeUndefined();
  },
);

test('requests at the same time keep their traces apart', async () => {
  const after = await api.log.lastSequence();
  const traces = Array.from({ length: 20 }, (_, index) =>
    TRACE.replace('00f067aa0ba902b7', `${index + 10}`.padStart(16, '0')),
  );
  await Promise.all(traces.map((traceparent) => create({ traceparent })));
  const seen = new Set<string | undefined>();
  for await (const entries of api.log.follow({ after, traces: true })) {
    for (const entry of entries) if (entry.kind === 'event') seen.add(entry.traceparent);
    if (seen.size === traces.length) break;
  }
  expect(seen).toEqual(new Set(traces));
});
