import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { getContainerRuntimeClient } from 'testcontainers';
import type { ContainerRuntimeClient, StartedTestContainer } from 'testcontainers';
import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';

const HEADER_BYTES = 8;

const LENGTH_AT = 4;

type Container = ReturnType<ContainerRuntimeClient['container']['dockerode']['getContainer']>;

/** Longer than the grace time of an app, so that its attempts end or are released. */
const STOP_SECONDS = 20;

export interface ServerContainerOptions {
  /** Resolves when the server responds. */
  readonly answers: () => Promise<unknown>;
  /** The file that receives its log when it is removed. */
  readonly logFile: string;
}

/** A server in a container, which tests can signal, freeze and restart on the same port and data. */
export class ServerContainer implements AsyncDisposable {
  readonly #container: Container;
  readonly #options: ServerContainerOptions;
  #pid: number | undefined;

  private constructor(container: Container, options: ServerContainerOptions) {
    this.#container = container;
    this.#options = options;
  }

  /** Wraps a container that has just been started; resolves when the server responds. */
  static async of(started: StartedTestContainer, options: ServerContainerOptions): Promise<ServerContainer> {
    const client = await getContainerRuntimeClient();
    const server = new ServerContainer(client.container.dockerode.getContainer(started.getId()), options);
    await options.answers();
    await server.#notePid();
    return server;
  }

  /** The server's process id on this machine, if the engine runs on this machine. */
  get pid(): number | undefined {
    return this.#pid;
  }

  /** Sends a signal; waits for the end after SIGKILL. SIGSTOP freezes it, since after the signal threads go on for a while. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (signal === 'SIGSTOP') return await this.pause();
    await this.#container.kill({ signal });
    if (signal !== 'SIGKILL') return;
    await this.#container.wait();
    this.#pid = undefined;
  }

  async pause(): Promise<void> {
    await this.#container.pause();
  }

  /** Undoes `pause` and a SIGSTOP. */
  async resume(): Promise<void> {
    if ((await this.#container.inspect()).State.Paused) await this.#container.unpause();
  }

  /** Stops the process, and resolves to its exit code; undefined if it did not run. */
  async stop(): Promise<number | undefined> {
    if (this.#pid === undefined) return undefined;
    await this.resume(); // a frozen process handles no other signal
    await this.#container.stop({ t: STOP_SECONDS });
    this.#pid = undefined;
    return (await this.#container.inspect()).State.ExitCode;
  }

  /** Runs a program in the container and returns what it writes to standard output. */
  async run(command: readonly string[]): Promise<string> {
    const exec = await this.#container.exec({ Cmd: [...command], AttachStdout: true });
    const frames = await buffer(await exec.start({}));
    const { ExitCode: code } = await exec.inspect();
    if (code !== 0) throw new Error(`${command.join(' ')} ended with code ${code}`);
    return plainLog(frames);
  }

  /** Returns the output so far. */
  async log(): Promise<string> {
    return plainLog(await this.#container.logs({ follow: false, stdout: true, stderr: true }));
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.#container.start();
    await this.#options.answers();
    await this.#notePid();
  }

  /** Saves the log and removes the container. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#keepLog();
    await this.#container.remove({ force: true, v: true });
  }

  async #notePid(): Promise<void> {
    this.#pid = (await this.#container.inspect()).State.Pid;
  }

  async #keepLog(): Promise<void> {
    await mkdir(path.dirname(this.#options.logFile), { recursive: true });
    await writeFile(this.#options.logFile, await this.log());
  }
}

/** Returns the log file of a container, named after the test file that started it. */
export function containerLogFile(logFolder: string, server: string): string {
  return path.join(logFolder, `${testFile()}-${server}-${randomUUID().slice(0, 8)}.log`);
}

function testFile(): string {
  try {
    return path.basename(expect.getState().testPath ?? 'shared', '.test.ts');
  } catch {
    return 'shared'; // outside a test file, for all test files
  }
}

/** Returns the text of a container's log, which the engine sends in frames: kind of stream, length, bytes. */
function plainLog(frames: Buffer): string {
  const parts: Buffer[] = [];
  for (let at = 0; at + HEADER_BYTES <= frames.length;) {
    const end = at + HEADER_BYTES + frames.readUInt32BE(at + LENGTH_AT);
    parts.push(frames.subarray(at + HEADER_BYTES, end));
    at = end;
  }
  return Buffer.concat(parts).toString('utf8');
}
