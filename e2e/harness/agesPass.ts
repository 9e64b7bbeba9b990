import { eventually } from '@jobstream/test-support';
import type { NatsConnection } from '@nats-io/transport-node';
import { expect } from 'vitest';
import { jobsClient } from './jobsClient.ts';
import { logBounds } from './rawLog.ts';

/** Resolves when the log has lost everything that is in it now, that many times. */
export async function agesPass({ api, nats }: { api: string; nats: NatsConnection }, count: number): Promise<void> {
  for (let age = 0; age < count; age++) {
    const { lastSequence } = await eventually(() => logBounds(nats));
    const isPurged = async () => expect((await logBounds(nats)).firstSequence).toBeGreaterThan(lastSequence);
    // Jobs are carried only while all processes have announced themselves, which takes them several tries while servers elect.
    await eventually(isPurged, { timeoutMs: 600_000 });
    await jobsClient(api).create({ type: 'email', payload: { to: 'user@example.com' } });
  }
}
