import path from 'node:path';
import { eventually } from '@jobstream/testing';
import { freePort } from '@jobstream/tools';
import type { RunningServers } from '../servers/runningServers.ts';
import { startProcess } from '../servers/startProcess.ts';

const MAIN = path.join(import.meta.dirname, 'bareExpressMain.ts');

export async function startBareExpress(): Promise<RunningServers> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = { ...process.env, PORT: String(port), NODE_ENV: 'production' };
  const server = await startProcess(process.execPath, [MAIN], { env });
  await eventually(() => fetch(url), { timeoutMs: 30_000 });
  return { address: url, processes: { express: server.pid }, stop: () => server.stop() };
}
