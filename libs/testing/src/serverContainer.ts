import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { getContainerRuntimeClient } from 'testcontainers';
import type { ContainerRuntimeClient, StartedTestContainer } from 'testcontainers';
import { plainLog } from './plainLog.ts';

type Container = ReturnType<ContainerRuntimeClient['container']['dockerode']['getContainer']>;

export interface ServerContainerOptions {
  /** Resolves when the server answers. */
  readonly answers: () => Promise<unknown>;
  /** Where its log is kept when it is removed. */
  readonly logFile: string;
}

/** A server in a container whose process tests may signal, freeze and start again on the same port and data. */
export class ServerContainer implements AsyncDisposable {
  readonly #container: Container;
  readonly #options: ServerContainerOptions;
  #pid: number | undefined;

  private constructor(container: Container, options: ServerContainerOptions) {
    this.#container = container;
    this.#options = options;
  }

  /** Takes over a container that was just started. */
  static async of(started: StartedTestContainer, options: ServerContainerOptions): Promise<ServerContainer> {
    const client = await getContainerRuntimeClient();
    const server = new ServerContainer(client.container.dockerode.getContainer(started.getId()), options);
    await options.answers();
    await server.#notePid();
    return server;
  }

  /** The id of the server's process as this machine sees it, where the engine runs on this machine. */
  get pid(): number | undefined {
    return this.#pid;
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await this.#container.kill({ signal });
    if (signal !== 'SIGKILL') return;
    await this.#container.wait();
    this.#pid = undefined;
  }

  async pause(): Promise<void> {
    await this.#container.pause();
  }

  async resume(): Promise<void> {
    await this.#container.unpause();
  }

  async stop(): Promise<void> {
    if (this.#pid === undefined) return;
    if ((await this.#container.inspect()).State.Paused) await this.resume();
    await this.#container.kill({ signal: 'SIGCONT' }); // a process that was stopped sees no other signal
    await this.#container.stop();
    this.#pid = undefined;
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.#container.start();
    await this.#options.answers();
    await this.#notePid();
  }

  /** Keeps the log and removes the rest. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#keepLog();
    await this.#container.remove({ force: true, v: true });
  }

  async #notePid(): Promise<void> {
    this.#pid = (await this.#container.inspect()).State.Pid;
  }

  async #keepLog(): Promise<void> {
    await mkdir(path.dirname(this.#options.logFile), { recursive: true });
    const log = await this.#container.logs({ follow: false, stdout: true, stderr: true });
    await writeFile(this.#options.logFile, plainLog(log));
  }
}
