import { setTimeout as pause } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import { digestOf } from './checkCopies.ts';
import type { LogCopy } from './evidence.ts';
import { readRawLog } from '../../harness/rawLog.ts';

const GIVE_UP_AFTER_MS = 60_000;
const POLL_MS = 200;

/** Makes one server after the other the leader, since only a leader is read from for certain, and reads its copy. */
export async function readCopies(nats: NatsConnection, nodes: readonly string[]): Promise<readonly LogCopy[]> {
  const copies: LogCopy[] = [];
  for (const node of nodes) {
    await makeLeader(nats, node);
    const { messages } = await readRawLog(nats);
    copies.push({ node, digest: digestOf(messages) });
  }
  return copies;
}

async function makeLeader(nats: NatsConnection, node: string): Promise<void> {
  const deadline = Date.now() + GIVE_UP_AFTER_MS;
  while ((await leader(nats)) !== node) {
    if (Date.now() > deadline) throw new Error(`${node} does not become the leader of the log`);
    const wish = JSON.stringify({ placement: { preferred: node } });
    await nats.request('$JS.API.STREAM.LEADER.STEPDOWN.JOBS', wish, { timeout: 5_000 }).catch(() => undefined);
    await pause(POLL_MS);
  }
}

async function leader(nats: NatsConnection): Promise<string | undefined> {
  const answer = await nats.request('$JS.API.STREAM.INFO.JOBS', '', { timeout: 5_000 }).catch(() => undefined);
  return answer?.json<{ cluster?: { leader?: string } }>().cluster?.leader;
}
