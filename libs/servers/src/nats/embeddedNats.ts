import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { stageBatchesInMemory, unstage } from './batchStaging.ts';
import type { Guard } from '../process/guard.ts';
import { natsConfig } from './natsConfig.ts';
import { natsEnvironment } from './natsConfig.ts';
import { natsProbe } from './natsProbe.ts';
import { onFreePort } from '../ports/freePort.ts';
import { ServerProcess } from '../process/serverProcess.ts';
import { waitUntilReady } from '../process/serverProcess.ts';

export interface EmbeddedNatsOptions {
  binary: string;
  dataDir: string;
  host?: string;
  /** 0 takes a free port, which is kept for later starts. */
  port?: number;
  maxPayload?: string;
  /** The same over all starts, as a member of a cluster needs it; without it every start has a name of its own. */
  name?: string;
  /** False leaves the interval to the server: versions before 2.10 do not know the setting. */
  syncAlways?: boolean;
  /** Streams whose atomic batches are staged in memory where the machine has a file system in it. */
  stagedInMemory?: readonly string[] | undefined;
  /** More lines for the configuration file. */
  extraConfig?: string;
  /** Goes before the environment of this process. */
  env?: NodeJS.ProcessEnv;
  guard?: Guard | undefined;
}

/** A nats-server of our own with JetStream, which by default syncs every write to disk before it acknowledges it. */
export class EmbeddedNats implements AsyncDisposable {
  readonly #options: EmbeddedNatsOptions;
  readonly #process: ServerProcess;
  readonly #host: string;
  #port: number;

  constructor(options: EmbeddedNatsOptions) {
    this.#options = options;
    this.#process = new ServerProcess(options.guard);
    this.#host = options.host ?? '127.0.0.1';
    this.#port = options.port ?? 0;
  }

  get url(): string {
    return `nats://${this.#host}:${this.#port}`;
  }

  get port(): number {
    return this.#port;
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  set onUnexpectedExit(listener: (how: string) => void) {
    this.#process.onUnexpectedExit = listener;
  }

  /** Resolves when the server answers; starts again on the same port and data after a stop or a kill. */
  async start(): Promise<void> {
    await mkdir(this.#options.dataDir, { recursive: true });
    if (this.#port === 0) await onFreePort((port) => this.#launch(port));
    else await this.#launch(this.#port);
    for (const folder of this.#stagedFolders) await stageBatchesInMemory(folder);
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    return this.#process.kill(signal);
  }

  async stop(): Promise<void> {
    // What a killed server had staged is for the next start.
    const folders = this.#process.running ? this.#stagedFolders : [];
    await this.#process.stop();
    for (const folder of folders) await unstage(folder);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #launch(port: number): Promise<void> {
    const { binary, dataDir, env, name = `jobstream-${randomUUID()}` } = this.#options;
    const config = path.join(dataDir, 'nats.conf');
    await writeFile(config, this.#config(name, port));
    await this.#process.launch({
      name: 'nats-server',
      command: binary,
      args: ['--config', config],
      env: natsEnvironment({ ...process.env, ...env }),
      stopSignal: 'SIGTERM',
      logFile: path.join(dataDir, 'nats.log'),
      pidFile: path.join(dataDir, 'nats.pid'),
    });
    await this.#answer(name, port);
    this.#port = port;
  }

  async #answer(name: string, port: number): Promise<void> {
    const probe = () => natsProbe(this.#host, port, name);
    // A log of many gigabytes is read whole after a hard kill, before the server listens.
    if (await waitUntilReady({ probe, alive: () => this.#process.running, timeoutMs: 120_000 }))
      return this.#process.answers();
    await this.stop();
    throw new Error(`nats-server did not start on port ${port}: ${this.#process.logTail()}`);
  }

  #config(name: string, port: number): string {
    const { maxPayload, syncAlways, extraConfig } = this.#options;
    const storeDir = this.#storeDir;
    return natsConfig({ name, host: this.#host, port, storeDir, maxPayload, syncAlways, extraConfig });
  }

  get #storeDir(): string {
    return path.join(this.#options.dataDir, 'jetstream');
  }

  /** Of streams of the account that a server without accounts has. */
  get #stagedFolders(): readonly string[] {
    const streams = path.join(this.#storeDir, 'jetstream', '$G', 'streams');
    return (this.#options.stagedInMemory ?? []).map((stream) => path.join(streams, stream));
  }
}
