import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Guard, ProcessIdentity } from '@jobstream/servers';
import { identify, isRunning, endLeftover } from '@jobstream/servers';
const longestWaitMs = 40_000;

/**
 * Makes sure that nothing of an earlier run in this data folder is left, before ports are chosen: its guard ends what a
 * killed supervisor has left, and where the guard was killed as well, the servers are found by their pid files.
 */
export async function awaitEarlierRun(dataDir: string, say: (line: string) => void): Promise<void> {
  const guard = readGuard(dataDir);
  if (guard !== undefined && isRunning(guard)) {
    say('waiting for the remains of the last run to end');
    const deadline = Date.now() + longestWaitMs;
    while (isRunning(guard) && Date.now() < deadline) await pause(50);
  }
  await endLeftover({ pidFile: path.join(dataDir, 'nats', 'nats.pid'), stopSignal: 'SIGTERM' });
  await endLeftover({ pidFile: path.join(dataDir, 'postgres', 'postgres.pid'), stopSignal: 'SIGINT' });
}

/** Notes the guard of this run for the next one. */
export function recordGuard(dataDir: string, guard: Guard): void {
  mkdirSync(dataDir, { recursive: true });
  const identity = guard.pid === undefined ? undefined : identify(guard.pid);
  if (identity !== undefined) writeFileSync(guardFile(dataDir), JSON.stringify(identity));
}

function guardFile(dataDir: string): string {
  return path.join(dataDir, 'guard.pid');
}

function readGuard(dataDir: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(guardFile(dataDir), 'utf8'));
  } catch {
    return undefined;
  }
}
