import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { eventually } from '../eventually.ts';
import { guardOfThisProcess } from '../guardOfThisProcess.ts';
import { freePort, resolveGoTool } from '@jobstream/servers';

/** An S3-compatible server in memory with an empty bucket. */
export interface TestS3 extends AsyncDisposable {
  readonly endpoint: string;
  readonly bucket: string;
  stop(): Promise<void>;
}

const BUCKET = 'archive';

/** Starts an S3-compatible server on a free loopback port; returns the reason if its program is not available. */
export async function startS3(): Promise<TestS3 | { readonly missing: string }> {
  const resolved = await resolveGoTool('gofakes3');
  if ('missing' in resolved) return resolved;
  const port = await freePort();
  const args = ['-backend', 'memory', '-host', `127.0.0.1:${port}`, '-initialbucket', BUCKET, '-quiet'];
  const child = spawn(resolved.binary, args, { stdio: 'ignore' });
  if (child.pid !== undefined) guardOfThisProcess().watch(child.pid, 'server', 'SIGKILL');
  const endpoint = `http://127.0.0.1:${port}`;
  await eventually(() => fetch(endpoint), { timeoutMs: 120_000 });
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  return { endpoint, bucket: BUCKET, stop, [Symbol.asyncDispose]: stop };
}
