import { randomUUID } from 'node:crypto';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { stageBatchesInMemory, unstage } from './batchStaging.ts';
import { fileStoreLimit, measureDisk } from './fileStoreLimit.ts';
import type { Guard } from '../process/guard.ts';
import { natsConfig } from './natsConfig.ts';
import { natsEnvironment } from './natsConfig.ts';
import { natsProbe } from './natsProbe.ts';
import { freePort, onFreePort } from '../ports/freePort.ts';
import { ServerProcess } from '../process/serverProcess.ts';
import { waitUntilReady } from '../process/serverProcess.ts';

export interface EmbeddedNatsOptions {
  binary: string;
  dataDir: string;
  host?: string;
  /** 0 selects a free port, which later starts use again. */
  port?: number;
  maxPayload?: string;
  /** Bytes that the streams may take on the disk; default what `fileStoreLimit` says at each start. */
  maxFileStore?: number | undefined;
  /** Whether the server answers on a free loopback port what `monitorUrl` is for; default false. */
  monitored?: boolean;
  /** The server's name over all starts, for members of a cluster; default a new name for each start. */
  name?: string;
  /** False omits `sync_interval: always`, which versions before 2.10 do not support; default true. */
  syncAlways?: boolean;
  /** Streams whose atomic batches are staged in memory, where the machine has a file system in memory. */
  stagedInMemory?: readonly string[] | undefined;
  /** Additional lines of the configuration file. */
  extraConfig?: string;
  /** Overrides the environment of this process. */
  env?: NodeJS.ProcessEnv;
  guard?: Guard | undefined;
}

/** A limit that is not higher by more than this factor is not worth a reload. */
const LEAST_RAISE = 1.05;

/** Runs a nats-server with JetStream on this machine; by default it syncs every write to disk before it acknowledges it. */
export class EmbeddedNats implements AsyncDisposable {
  readonly #options: EmbeddedNatsOptions;
  readonly #process: ServerProcess;
  readonly #host: string;
  #port: number;
  #name = '';
  #monitorPort: number | undefined;
  #maxFileStore: number | undefined;

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

  /** Where a monitored server tells its health (`/healthz`) and what it stores (`/jsz`). */
  get monitorUrl(): string | undefined {
    return this.#monitorPort === undefined ? undefined : `http://127.0.0.1:${this.#monitorPort}`;
  }

  /** The folder of the streams. */
  get storeDir(): string {
    return path.join(this.#options.dataDir, 'jetstream');
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  set onUnexpectedExit(listener: (how: string) => void) {
    this.#process.onUnexpectedExit = listener;
  }

  /** Starts the server, also after a stop or a kill, on the same port and data; resolves when it responds. */
  async start(): Promise<void> {
    await mkdir(this.#options.dataDir, { recursive: true });
    if (this.#port === 0) await onFreePort((port) => this.#launch(port));
    else await this.#launch(this.#port);
    for (const folder of this.#stagedFolders) await stageBatchesInMemory(folder);
  }

  /**
   * Raises the limit of what the running server may store, where its disk has got room since its start; returns the new
   * limit in bytes. Undefined when it stays: a running server takes no lower one.
   */
  async raiseLimit(): Promise<number | undefined> {
    if (this.#options.maxFileStore !== undefined || !this.#process.running) return undefined;
    const limit = fileStoreLimit(await measureDisk(this.storeDir));
    if (limit <= (this.#maxFileStore ?? 0) * LEAST_RAISE) return undefined;
    this.#maxFileStore = limit;
    await this.#writeConfig(this.#port);
    await this.#process.kill('SIGHUP');
    return limit;
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    return this.#process.kill(signal);
  }

  async stop(): Promise<void> {
    // The next start still needs the batches that a killed server had staged.
    const folders = this.#process.running ? this.#stagedFolders : [];
    await this.#process.stop();
    for (const folder of folders) await unstage(folder);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #launch(port: number): Promise<void> {
    const { binary, dataDir, env, monitored = false, name = `jobstream-${randomUUID()}` } = this.#options;
    if (monitored) this.#monitorPort ??= await freePort();
    this.#maxFileStore = this.#options.maxFileStore ?? fileStoreLimit(await measureDisk(this.storeDir));
    this.#name = name;
    await this.#process.launch({
      name: 'nats-server',
      command: binary,
      args: ['--config', await this.#writeConfig(port)],
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
    // After a hard kill the server reads the whole log, possibly many gigabytes, before it listens.
    if (await waitUntilReady({ probe, alive: () => this.#process.running, timeoutMs: 120_000 }))
      return this.#process.answers();
    await this.stop();
    throw new Error(`nats-server did not start on port ${port}: ${this.#process.logTail()}`);
  }

  async #writeConfig(port: number): Promise<string> {
    const file = path.join(this.#options.dataDir, 'nats.conf');
    const own = { name: this.#name, port, host: this.#host, storeDir: this.storeDir };
    const limits = { maxFileStore: this.#maxFileStore, monitorPort: this.#monitorPort };
    await writeFile(file, natsConfig({ ...this.#options, ...own, ...limits }), { mode: 0o600 });
    await chmod(file, 0o600); // the mode above applies to a new file only
    return file;
  }

  /** The folders of the streams in `$G`, the account of a server without accounts. */
  get #stagedFolders(): readonly string[] {
    const streams = path.join(this.storeDir, 'jetstream', '$G', 'streams');
    return (this.#options.stagedInMemory ?? []).map((stream) => path.join(streams, stream));
  }
}
