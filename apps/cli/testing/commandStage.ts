import { rm } from 'node:fs/promises';
import { createDatabase, scratchDataFolder, startSystem } from '@jobstream/test-support';
import { runCommand, type CommandResult } from './runCommand.ts';

/** A whole system, and commands that are run against it. */
export interface CommandStage extends AsyncDisposable {
  readonly api: string;
  readonly dataDir: string;
  /** The address of NATS for workers. */
  readonly nats: string;
  readonly run: (...args: readonly string[]) => Promise<CommandResult>;
}

/** Starts a system with the handlers that Jobstream ships. */
export async function startCommandStage(): Promise<CommandStage> {
  const dataDir = await scratchDataFolder('cli');
  const system = await startSystem(dataDir, { DATABASE_URL: await createDatabase() });
  return {
    api: system.api,
    dataDir,
    nats: system.nats,
    run: (...args) => runCommand(args, { env: { JOBSTREAM_URL: system.api } }),
    async [Symbol.asyncDispose]() {
      await system.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
