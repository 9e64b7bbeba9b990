import type { NatsConnection } from '@nats-io/transport-node';

/** What the server says about a consumer, as far as it matters here. */
export interface ConsumerInfo {
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly num_pending: number;
  readonly num_ack_pending: number;
}

const CONSUMERS = [
  ['JOBS', 'worker-conformance'],
  ['JOBS', 'requeued-conformance'],
  ['TIMERS', 'due-conformance'],
] as const;

/** The consumers of the job type under test that are there. */
export async function workConsumers(nats: NatsConnection): Promise<ConsumerInfo[]> {
  const found: ConsumerInfo[] = [];
  for (const [stream, consumer] of CONSUMERS) {
    const answer = await nats.request(`$JS.API.CONSUMER.INFO.${stream}.${consumer}`, '', { timeout: 10_000 });
    const info = answer.json<ConsumerInfo & { readonly error?: unknown }>();
    if (info.error === undefined) found.push(info);
  }
  return found;
}
