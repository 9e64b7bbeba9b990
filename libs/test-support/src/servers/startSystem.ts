import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { repositoryRoot } from '@jobstream/servers';
import type { NatsUser } from '@jobstream/servers';
import { builtProgram } from '../programs/builtProgram.ts';
import { TestProcess } from '../testProcess.ts';

/** A running `npm start` on free ports, with its output. */
export interface RunningSystem extends AsyncDisposable {
  readonly process: TestProcess;
  /** The addresses that it printed when it was ready. */
  readonly api: string;
  readonly postgres: string;
  /** The address of NATS for workers, with their user and password. */
  readonly nats: string;
  /** The same for each user. */
  readonly natsAs: Readonly<Record<NatsUser, string>>;
  /** How a program reaches NATS with the rights of an operator. */
  readonly operator: NatsLogin;
  /** Returns the ids of its current processes whose command line contains this text. */
  pidsOf(text: string): Promise<number[]>;
  /** Stops it with a signal and resolves to its exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | string>;
}

/** Options of a connection to NATS. */
export interface NatsLogin {
  readonly servers: string;
  readonly user?: string;
  readonly pass?: string;
  readonly inboxPrefix?: string;
}

/** A start that fails ends the process; on a machine with much else to do it takes minutes. */
const START_MS = 540_000;

/** Settings of an API that does not answer 503 where its machine is slow: not for an outage, nor for clients that wait 10 s. */
export const PATIENT = { REQUEST_TIMEOUT_MS: '60000' };

/** Starts the whole system on a data folder and waits until it is ready. */
export async function startSystem(
  dataDir: string,
  env: Record<string, string> = {},
  command = [process.execPath, builtProgram(path.join(repositoryRoot, 'tools', 'start.ts'))],
): Promise<RunningSystem> {
  const system = launch({ DATA_DIR: dataDir, PORT: '0', ...env }, command);
  const [, api = ''] = await system.matched(/ready: (http\S+)\s/, START_MS);
  const [, postgres = ''] = await system.matched(/(postgres:\S+)\s/, START_MS);
  const stop = (signal: NodeJS.Signals = 'SIGTERM') => {
    system.kill(signal);
    return system.ended;
  };
  const { nats } = JSON.parse(await readFile(path.join(dataDir, 'addresses.json'), 'utf8')) as Recorded;
  return {
    process: system,
    api,
    nats: nats.worker,
    natsAs: nats,
    operator: loginOf(nats.operator),
    postgres,
    pidsOf: (text) => descendants(system.pid, text),
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
    },
  };
}

interface Recorded {
  readonly nats: Readonly<Record<NatsUser, string>>;
}

/** The client library takes no user from an address. */
function loginOf(url: string): NatsLogin {
  const { host, username: user, password: pass } = new URL(url);
  const servers = `nats://${host}`;
  return user === '' ? { servers } : { servers, user, pass, inboxPrefix: `_INBOX_${user}` };
}

/** Without the dashboard, which every system would build at its first start. */
function launch(env: Record<string, string>, command: readonly string[]): TestProcess {
  const [file = '', ...args] = command;
  const settings = { ...process.env, LOG_FORMAT: 'json', LOG_LEVEL: 'info', DASHBOARD: 'false', ...env };
  return new TestProcess(file, { args, cwd: repositoryRoot, env: settings, ipc: false });
}

async function descendants(pid: number, text: string): Promise<number[]> {
  const found: number[] = [];
  for (const child of await childrenOf(pid)) {
    const command = await readFile(`/proc/${child}/cmdline`, 'utf8').catch(() => '');
    if (command.includes(text)) found.push(child);
    found.push(...(await descendants(child, text)));
  }
  return found;
}

async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return text.split(' ').filter(Boolean).map(Number);
}
