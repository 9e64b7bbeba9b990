import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

import { expect, test, vi } from 'vitest';
import { identify, isRunning } from './processIdentity.ts';
import type { ProcessIdentity } from './processIdentity.ts';

const guardModule = path.join(import.meta.dirname, 'guard.ts');

/** A process that starts an app and a server under a guard, and prints their ids. */
function owner(folder: string): ChildProcess {
  const program = `
    import { spawn } from 'node:child_process';
    import { Guard } from ${JSON.stringify(guardModule)};
    const guard = new Guard();
    guard.start();
    const sleeper = () => spawn('sleep', ['300'], { detached: true, stdio: 'ignore' }).pid;
    const [app, server] = [sleeper(), sleeper()];
    guard.watch(app, 'app', 'SIGTERM');
    guard.watch(server, 'server', 'SIGINT');
    guard.remove(${JSON.stringify(folder)});
    console.log(JSON.stringify([app, server]));
    setInterval(() => {}, 1000);`;
  return spawn(process.execPath, ['--input-type=module-typescript', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function pidsFrom(child: ChildProcess): Promise<ProcessIdentity[]> {
  if (child.stdout === null) throw new Error('no output');
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const pids: number[] = JSON.parse(String(line));
  return pids.map((pid) => identify(pid)).filter((identity) => identity !== undefined);
}

test('the guard ends the processes and deletes the scratch folders of a killed process', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'jobstream-guard-'));
  const child = owner(folder);
  const started = await pidsFrom(child);
  expect(started).toHaveLength(2);
  expect(started.every((identity) => isRunning(identity))).toBe(true);
  child.kill('SIGKILL');
  await vi.waitFor(() => expect(started.filter((identity) => isRunning(identity))).toEqual([]), { timeout: 240_000 });
  await vi.waitFor(() => expect(existsSync(folder)).toBe(false), { timeout: 240_000 });
});

test('a reused process id does not identify the earlier process', () => {
  const self = identify(process.pid);
  expect(self).toBeDefined();
  expect(isRunning({ pid: process.pid, startedAt: 'earlier' })).toBe(false);
  expect(self && isRunning(self)).toBe(true);
});
