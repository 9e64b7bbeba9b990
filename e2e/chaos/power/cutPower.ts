import { glob, readlink, rm } from 'node:fs/promises';
import path from 'node:path';
import { startNodes } from '../stage/startNodes.ts';
import { appendUntil } from './appendUntil.ts';
import { foundEvents } from './foundEvents.ts';
import { createImageDisk } from './imageDisk.ts';

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
