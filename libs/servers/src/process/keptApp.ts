import { AppEndedError, AppProcess } from './appProcess.ts';
import type { AppOptions } from './appProcess.ts';
import { Restarter } from './restarter.ts';

/** By this exit code an app says that its settings are wrong, so that another start is of no use. */
const badSettings = 2;
const firstStartAttempts = 5;

/** An app that is started again whenever it ends by itself. */
export class KeptApp {
  readonly #name: string;
  readonly #process: AppProcess;
  readonly #restarter: Restarter;
  readonly #say: (line: string) => void;
  #stopped = false;

  constructor(options: AppOptions, say: (line: string) => void) {
    this.#name = options.name;
    this.#say = say;
    this.#process = new AppProcess(options);
    this.#restarter = new Restarter(options.name, () => this.#process.start(), say);
    this.#process.onUnexpectedExit = (how) => this.#restarter.ended(how);
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Resolves when the app is ready for the first time; rejects when it will never be. */
  async start(): Promise<void> {
    for (let attempt = 1; !this.#stopped; attempt += 1) {
      const error = await this.#process.start().catch((failure: unknown) => failure);
      if (error === undefined) return;
      if (this.#stopped) return;
      const hopeless = error instanceof AppEndedError && error.exitCode === badSettings;
      if (hopeless || attempt === firstStartAttempts) throw this.#givingUp(error);
      if (error instanceof Error) this.#say(`${error.message}; starting it again`);
    }
  }

  stop(): Promise<void> {
    this.#stopped = true;
    this.#restarter.stop();
    return this.#process.stop();
  }

  #givingUp(cause: unknown): Error {
    return new Error(`${this.#name} does not start, its own lines above say why.`, { cause });
  }
}
