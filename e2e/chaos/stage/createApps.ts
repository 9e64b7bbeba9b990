import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { AppProcess, repositoryRoot, SupervisedProcess } from '@jobstream/servers';
import { freePort, guardOfThisProcess } from '@jobstream/test-support';
import type { WrongClock } from './wrongClocks.ts';
import type { TcpProxy } from '@jobstream/test-support';

export interface AppSurroundings {
  readonly folder: string;
  readonly natsUrls: readonly string[];
  readonly databaseUrl: string;
  /** By the name of a worker; without one it is connected to the servers themselves. */
  readonly proxies: ReadonlyMap<string, TcpProxy>;
  /** By the name of a process; without one it has the clock of the machine. */
  readonly clocks: ReadonlyMap<string, WrongClock>;
  /** Further settings of all processes. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface Apps {
  readonly apps: readonly SupervisedProcess[];
  /** Addresses of the api processes. */
  readonly apis: readonly string[];
}

/** How long the server waits for a worker's sign of life; faults are measured in it. */
export const ACK_WAIT_MS = 2_000;
const GRACE_MS = 2_000;
const STOP_MS = 12_000;
/** Before a process that has ended, or could not start, is started again. */
const PAUSE_MS = 300;

/** How many processes of each kind run; the names of workers are known before they do. */
const counts = { api: 2, worker: 3, 'worker-of-errands': 2, projector: 2 } as const;

export const workerNames = [...namesOf('worker'), ...namesOf('worker-of-errands')];
/** All processes, by name. */
export const appNames = [...namesOf('api'), ...workerNames, ...namesOf('projector')];

function namesOf(kind: keyof typeof counts): string[] {
  return Array.from({ length: counts[kind] }, (_, index) => `${kind}-${index + 1}`);
}

/** Makes the processes of the system; none is started yet. */
export async function createApps(surroundings: AppSurroundings): Promise<Apps> {
  const ports = new Map<string, number>();
  for (const name of namesOf('api')) ports.set(name, await freePort());
  return {
    apps: appNames.map((name) => createApp(name, ports.get(name), surroundings)),
    apis: [...ports.values()].map((port) => `http://127.0.0.1:${port}`),
  };
}

function createApp(name: string, port: number | undefined, surroundings: AppSurroundings): SupervisedProcess {
  const { folder, natsUrls, databaseUrl, proxies, clocks, settings } = surroundings;
  const proxy = proxies.get(name);
  const env = {
    ...process.env,
    ...settings,
    ...clocks.get(name)?.clock.env,
    NATS_URL: proxy === undefined ? natsUrls.join(',') : `nats://127.0.0.1:${proxy.port}`,
    DATABASE_URL: databaseUrl,
    STREAM_REPLICAS: String(natsUrls.length),
    PORT: String(port ?? 0),
    ACK_WAIT_MS: String(ACK_WAIT_MS),
    SHUTDOWN_GRACE_MS: String(GRACE_MS),
    WEBHOOK_ALLOW_PRIVATE: 'true',
    // Workers log at this level why they rejected a work message.
    LOG_LEVEL: kindOf(name).startsWith('worker') ? 'debug' : 'info',
  };
  return superviseApp(name, { folder, env });
}

/** A process of the system, which is started again whenever it ends, with its output in `<folder>/<name>.log`. */
export function superviseApp(
  name: string,
  { folder, env }: { readonly folder: string; readonly env: NodeJS.ProcessEnv },
): SupervisedProcess {
  const log = createWriteStream(path.join(folder, `${name}.log`), { flags: 'a' });
  const app = new AppProcess({
    name,
    script: scripts.get(kindOf(name)) ?? `apps/${kindOf(name)}/src/main.ts`,
    cwd: repositoryRoot,
    env,
    graceMs: STOP_MS,
    guard: guardOfThisProcess(),
    onLine: (line) => void log.write(`${line}\n`),
  });
  return new SupervisedProcess(app, {
    name,
    startAttempts: Infinity,
    firstPauseMs: PAUSE_MS,
    longestPauseMs: PAUSE_MS,
  });
}

/** The programs that are not in `apps`. */
const scripts: ReadonlyMap<string, string> = new Map([['worker-of-errands', 'e2e/chaos/stage/errandWorkerMain.ts']]);

function kindOf(name: string): string {
  return name.replace(/-\d+$/, '');
}
