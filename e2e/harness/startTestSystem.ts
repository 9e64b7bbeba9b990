import { rm } from 'node:fs/promises';
import path from 'node:path';
import { chosenServers, scratchDataFolder, startSystem } from '@jobstream/test-support';
import { containerSystem } from './containerSystem.ts';
import type { Part, TestSystem } from './testSystem.ts';

/** How a part is recognised among the processes of `npm start`. */
const COMMANDS: Readonly<Record<Part, string>> = {
  api: 'apps/api/',
  worker: 'apps/worker/',
  projector: 'apps/projector/',
  nats: 'nats-server',
  postgres: 'bin/postgres',
};

/** Starts the whole system with these settings: in containers of our images where the run asks for that, else by `npm start`. */
export function startTestSystem(env: Readonly<Record<string, string>> = {}): Promise<TestSystem> {
  const containers = chosenServers();
  return containers === undefined ? npmStartSystem(env) : containerSystem(env, containers);
}

/** The system as `npm start` runs it, on a data folder of its own. */
async function npmStartSystem(env: Readonly<Record<string, string>>): Promise<TestSystem> {
  const dataDir = await scratchDataFolder('e2e');
  let running = await startSystem(dataDir, env);
  return {
    get api() {
      return running.api;
    },
    get postgres() {
      return running.postgres;
    },
    get nats() {
      return running.operator;
    },
    key: undefined,
    async kill(part, signal = 'SIGKILL') {
      const pids = await running.pidsOf(COMMANDS[part]);
      if (pids.length === 0) throw new Error(`there is no ${part} to be killed`);
      for (const pid of pids) process.kill(pid, signal);
    },
    async start() {
      running = await startSystem(dataDir, env);
    },
    stop: async () => (await running.stop()) === 0,
    loseDatabase: () => rm(path.join(dataDir, 'postgres'), { recursive: true }),
    async [Symbol.asyncDispose]() {
      await running.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
