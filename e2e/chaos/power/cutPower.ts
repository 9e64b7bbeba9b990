import { glob, readlink, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { EventLog } from '@jobstream/eventlog';
import { eventually, newJob, type TestNats } from '@jobstream/test-support';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { readRawLog } from '../../harness/rawLog.ts';
import { startNodes } from '../stage/startNodes.ts';
import { createImageDisk } from '../../harness/imageDisk.ts';

const GIVE_UP_AFTER_MS = 120_000;

const POLL_MS = 1_000;

/** Consecutive reads without a new event before reading ends: a cluster elects leaders and replays its logs first. */
const STEADY = 5;

const IN_FLIGHT = 200;

export interface PowerMode {
  readonly name: string;
  readonly nodes: 1 | 3;
  readonly syncAlways: boolean;
  readonly groupCommit: boolean;
  readonly stagedInMemory?: readonly string[];
}

export interface PowerLoss {
  readonly acknowledged: number;
  /** Of those, the events that the servers still have when they start from what was on the disk. */
  readonly kept: number;
}

/** Appends, takes away the power of all servers at once, starts them from the disk as it was, and counts. */
export async function cutPower(mode: PowerMode, folder: string, count: number): Promise<PowerLoss> {
  await using disk = await createImageDisk(path.join(folder, mode.name.replaceAll(/\W+/g, '-')));
  const { acknowledged, found } = await runUntilCut(mode, disk, count);
  await using after = found;
  const nodes = await startNodes(after.folder, mode.nodes, serverOptions(mode));
  await using stack = new AsyncDisposableStack();
  for (const node of nodes) stack.use(node);
  const kept = await foundEvents(nodes, acknowledged.size);
  return { acknowledged: acknowledged.size, kept: [...acknowledged.keys()].filter((id) => kept.has(id)).length };
}

async function runUntilCut(mode: PowerMode, disk: Awaited<ReturnType<typeof createImageDisk>>, count: number) {
  await using stack = new AsyncDisposableStack();
  const nodes = await startNodes(disk.folder, mode.nodes, serverOptions(mode));
  for (const node of nodes) stack.use(node);
  const freeze = async () => void (await Promise.all(nodes.map((node) => node.pause())));
  const url = nodes.map((node) => node.url).join(',');
  const { nodes: replicas, groupCommit } = mode;
  const acknowledged = await appendUntil({ url, replicas, groupCommit, count, interrupt: freeze });
  const found = await disk.found();
  await Promise.all(nodes.map((node) => node.kill()));
  for (const stream of mode.stagedInMemory ?? []) await loseMemory(disk.folder, stream);
  return { acknowledged, found };
}

function serverOptions({ syncAlways, stagedInMemory }: PowerMode) {
  return { syncAlways, stagedInMemory };
}

/** What the servers had staged in memory is not there after a power cut. */
async function loseMemory(folder: string, stream: string): Promise<void> {
  let lost = 0;
  for await (const link of glob(path.join(folder, '**', 'streams', stream, 'batches'))) {
    await rm(await readlink(link), { recursive: true });
    lost++;
  }
  if (lost === 0) throw new Error(`nothing of ${stream} is staged below ${folder}`);
}

interface AppendUntilOptions {
  readonly url: string;
  readonly replicas: number;
  readonly groupCommit: boolean;
  /** Acknowledgements after which `interrupt` is called, in the middle of the work. */
  readonly count: number;
  readonly interrupt: () => Promise<void>;
}

/** Appends with the project's own event log until it is interrupted; answers the id of each acknowledged event. */
async function appendUntil(options: AppendUntilOptions): Promise<Map<string, number>> {
  const { url, replicas, groupCommit } = options;
  const log = new EventLog({ url, name: 'power', replicas, groupCommit });
  // A cluster elects its leaders first.
  await eventually(() => log.start(), { timeoutMs: 60_000, intervalMs: 500 });
  const acknowledged = new Map<string, number>();
  let interrupted: Promise<void> | undefined;
  const writer = async () => {
    while (interrupted === undefined) {
      const event = newJob();
      // An append that was on its way when the power went has no outcome, and none is claimed.
      const sequence = await log.append(event, 0).catch(() => undefined);
      if (sequence !== undefined) acknowledged.set(event.id, sequence);
      if (acknowledged.size >= options.count) interrupted ??= options.interrupt();
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, writer));
  await interrupted;
  await log.stop();
  return acknowledged;
}

/**
 * The ids of the events that the servers have once they have found themselves; empty when they say that there is no log.
 *
 * @throws Error when they never answered: a log that cannot be read is not a log that has lost everything.
 */
async function foundEvents(nodes: readonly TestNats[], expected: number): Promise<ReadonlySet<string>> {
  const nats = await connect({ servers: nodes.map(({ url }) => url) });
  try {
    const deadline = Date.now() + GIVE_UP_AFTER_MS;
    let found: ReadonlySet<string> | undefined;
    for (let steady = 0; Date.now() < deadline && steady < STEADY; await pause(POLL_MS)) {
      const ids = await eventIds(nats);
      if (ids !== undefined) steady = ids.size === found?.size ? steady + 1 : 0;
      found = ids ?? found;
      if (ids !== undefined && ids.size >= expected) break;
    }
    if (found === undefined) throw new Error('the log could not be read after the power cut');
    return found;
  } finally {
    await nats.close();
  }
}

/** Undefined if the servers do not answer now. */
async function eventIds(nats: NatsConnection): Promise<ReadonlySet<string> | undefined> {
  try {
    const { messages } = await readRawLog(nats);
    return new Set(messages.map(eventId));
  } catch {
    return undefined;
  }
}

function eventId({ body }: { readonly body: string }): string {
  return (JSON.parse(body) as { id: string }).id;
}
