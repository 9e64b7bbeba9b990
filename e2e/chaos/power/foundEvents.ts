import { setTimeout as pause } from 'node:timers/promises';
import { connect } from '@nats-io/transport-node';
import type { TestNats } from '@jobstream/testing';
import { readRawLog } from '../../harness/rawLog.ts';

const GIVE_UP_AFTER_MS = 60_000;
const POLL_MS = 1_000;
/** So often in a row nothing more may turn up: a cluster elects leaders and replays its logs first. */
const STEADY = 5;

/** The ids of the events that the servers have once they have found themselves; empty when there is no log at all. */
export async function foundEvents(nodes: readonly TestNats[], expected: number): Promise<ReadonlySet<string>> {
  const nats = await connect({ servers: nodes.map(({ url }) => url) });
  try {
    const deadline = Date.now() + GIVE_UP_AFTER_MS;
    let [found, steady] = [new Set<string>(), 0];
    while (Date.now() < deadline && found.size < expected && steady < STEADY) {
      const ids = await readRawLog(nats).then(
        ({ messages }) => messages.map(eventId),
        () => undefined,
      );
      if (ids !== undefined) steady = ids.length === found.size ? steady + 1 : 0;
      found = new Set(ids ?? found);
      await pause(found.size < expected ? POLL_MS : 0);
    }
    return found;
  } finally {
    await nats.close();
  }
}

function eventId({ body }: { readonly body: string }): string {
  return (JSON.parse(body) as { id: string }).id;
}
