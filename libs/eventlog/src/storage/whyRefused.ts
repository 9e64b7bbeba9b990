import type { JetStreamManager } from '@nats-io/jetstream';
import { within } from '../connection/connection.ts';
import { JOBS_STREAM } from '../streams/streams.ts';

const TIMEOUT_MS = 500;

/**
 * Returns in one sentence what the servers say about a log that has not stored its last append: whether it has a leader.
 * A log that has one and stores nothing needs a person or a restart, unlike one that elects its leader.
 */
export async function whyRefused(manager: JetStreamManager): Promise<string> {
  let leader: string | undefined;
  const asked = manager.streams.info(JOBS_STREAM).then(({ cluster }) => (leader = cluster?.leader ?? 'nats-server'));
  const answered = await within(TIMEOUT_MS, asked).catch(() => false);
  if (!answered || leader === undefined) return `stream ${JOBS_STREAM} has no leader now`;
  return `stream ${JOBS_STREAM} has not stored the last append, although ${leader} leads it`;
}
