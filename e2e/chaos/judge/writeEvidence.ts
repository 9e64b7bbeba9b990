import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Evidence } from './evidence.ts';

const STREAMS = ['JOBS', 'TIMERS'] as const;

/** Leaves what was judged in files, beside the logs of the processes, for whoever looks for a cause. */
export async function writeEvidence(folder: string, evidence: Evidence, nats: NatsConnection): Promise<void> {
  await writeFile(path.join(folder, 'log.jsonl'), lines(evidence.messages));
  await writeFile(path.join(folder, 'rows.jsonl'), lines(evidence.rows));
  await writeFile(path.join(folder, 'streams.json'), JSON.stringify(await describeStreams(nats), null, 2));
}

function lines(items: readonly unknown[]): string {
  return items.map((item) => `${JSON.stringify(item)}\n`).join('');
}

/** The state of the streams and their consumers as the server tells it. */
async function describeStreams(nats: NatsConnection): Promise<object> {
  const ask = async (subject: string) => (await nats.request(subject, '', { timeout: 10_000 })).json<object>();
  const described = STREAMS.map(async (name) => {
    const [stream, consumers] = [await ask(`$JS.API.STREAM.INFO.${name}`), await ask(`$JS.API.CONSUMER.LIST.${name}`)];
    return [name, { stream, consumers }] as const;
  });
  return Object.fromEntries(await Promise.all(described));
}
