import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { guardOfThisProcess } from '../guardOfThisProcess.ts';
import { startNats } from './startNats.ts';
import type { StartNatsOptions, TestNats } from '../testServers.ts';
import { resolveNatsServer } from '@jobstream/servers';

/** A nats-server whose writes a test can make fail. */
export interface FullableNats extends TestNats {
  /** Makes every write of the server to a file fail from now on. */
  fillDisk(): Promise<void>;
  freeDisk(): Promise<void>;
}

const run = promisify(execFile);

/**
 * Starts a nats-server whose disk can be made to look full: its writes then fail with a system error, here EFBIG instead
 * of ENOSPC. Requires Linux, but neither root nor a mount.
 */
export async function startNatsOnFullableDisk(
  options: Pick<StartNatsOptions, 'watchDisk'> = {},
): Promise<FullableNats> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'jobstream-fullable-'));
  guardOfThisProcess().remove(folder);
  const binary = path.join(folder, 'nats-server');
  // If it were not blocked, the signal that accompanies the error would end the server.
  const script = `#!/bin/sh\nexec env --block-signal=XFSZ '${await resolveNatsServer()}' "$@"\n`;
  await writeFile(binary, script, { mode: 0o755 });
  const nats = await startNats({ ...options, binary, syncAlways: true, monitored: true });
  const limit = (bytes: string) => run('prlimit', ['--pid', String(nats.pid), `--fsize=${bytes}:unlimited`]);
  return Object.defineProperties(Object.create(nats) as FullableNats, {
    fillDisk: { value: () => limit('1').then(() => undefined) },
    freeDisk: { value: () => limit('unlimited').then(() => undefined) },
    [Symbol.asyncDispose]: {
      value: async () => {
        await nats[Symbol.asyncDispose]();
        await rm(folder, { recursive: true, force: true });
      },
    },
  });
}
