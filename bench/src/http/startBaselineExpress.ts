import path from 'node:path';
import { freePort } from '@jobstream/servers';
import { eventually } from '@jobstream/test-support';
import type { Durability, RunningServers } from '../servers/runningServers.ts';
import { startNats } from '../servers/startNats.ts';
import { startProcess } from '../servers/startProcess.ts';

const MAIN = path.join(import.meta.dirname, 'baselineExpressMain.ts');

/** The route that echoes. */
export function startBaselineEcho(): Promise<RunningServers> {
  return startBaselineExpress({});
}

/** The route that writes an event to the log and answers when it is stored. */
export async function startBaselineCreation(folder: string, durability: Durability): Promise<RunningServers> {
  const nats = await startNats(folder, durability);
  const express = await startBaselineExpress({ NATS_URL: nats.address });
  return {
    ...express,
    processes: { ...express.processes, ...nats.processes },
    async stop() {
      await express.stop();
      await nats.stop();
    },
  };
}

async function startBaselineExpress(settings: Record<string, string>): Promise<RunningServers> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = { ...process.env, ...settings, PORT: String(port), NODE_ENV: 'production' };
  const server = await startProcess(process.execPath, [MAIN], { env });
  await eventually(() => fetch(url), { timeoutMs: 30_000 });
  return { address: url, processes: { express: server.pid }, stop: () => server.stop() };
}
