import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { GuardedProcess, GuardOrder } from './guard.ts';
import { endProcess } from './processIdentity.ts';

const GRACE_MS = 12_000;

async function main(): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
  const processes = new Map<number, GuardedProcess>();
  const folders = new Set<string>();
  for await (const line of createInterface({ input: process.stdin })) obey(JSON.parse(line), processes, folders);
  await endAll([...processes.values()].filter(({ role }) => role === 'app'));
  await endAll([...processes.values()].filter(({ role }) => role === 'server'));
  await Promise.all([...folders].map((folder) => rm(folder, { recursive: true, force: true, maxRetries: 5 })));
}

function obey(order: GuardOrder, processes: Map<number, GuardedProcess>, folders: Set<string>): void {
  if ('watch' in order) processes.set(order.watch.pid, order.watch);
  else if ('forget' in order) processes.delete(order.forget);
  else folders.add(order.remove);
}

async function endAll(processes: GuardedProcess[]): Promise<void> {
  await Promise.all(processes.map((process) => endProcess(process, process.signal, process.graceMs ?? GRACE_MS)));
}

await main();
