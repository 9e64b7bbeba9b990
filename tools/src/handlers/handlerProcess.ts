import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { programFile, readOutput, type Guard } from '@jobstream/servers';

/** Node runs TypeScript by itself from 22.18 on, and warns of it before 24. */
const NODE_OPTIONS = process.features.typescript
  ? []
  : ['--experimental-strip-types', '--disable-warning=ExperimentalWarning'];

interface HandlerProcessOptions {
  readonly modules: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly guard: Guard;
  readonly onLine: (line: string) => void;
  /** Called with each file that the process has loaded. */
  readonly onLoaded: (file: string) => void;
}

/** One run of the handlers, with the code that they had when it was started. */
export class HandlerProcess {
  readonly #child: ChildProcess;
  /** Resolves to how the process has ended. */
  readonly ended: Promise<string>;

  constructor({ modules, cwd, env, guard, onLine, onLoaded }: HandlerProcessOptions) {
    const program = programFile('tools/src/handlers/runHandlers');
    // Detached: Ctrl-C must reach the supervisor alone, which lets running jobs finish.
    const stdio = ['ignore', 'pipe', 'pipe', 'ipc'] as const;
    const child = spawn(process.execPath, [...NODE_OPTIONS, program, ...modules], {
      cwd,
      env,
      detached: true,
      stdio: [...stdio],
    });
    this.#child = child;
    const { pid } = child;
    if (pid !== undefined) guard.watch(pid, 'app', 'SIGTERM');
    readOutput(child, onLine);
    child.on('message', ({ loaded }: { loaded: string }) => onLoaded(fileURLToPath(loaded)));
    this.ended = new Promise((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) => {
        if (pid !== undefined) guard.forget(pid);
        resolve(signal ?? `exit code ${code}`);
      });
    });
  }

  /** Takes no more jobs, and resolves when the running ones are finished; the process is never killed. */
  async drain(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGTERM');
    await this.ended;
  }
}
