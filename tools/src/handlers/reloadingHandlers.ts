import { statSync } from 'node:fs';
import path from 'node:path';
import type { Guard } from '@jobstream/servers';
import type { WriteLine } from '../output/prefixedLog.ts';
import { FileWatch } from './fileWatch.ts';
import { handlerModules } from './handlerModules.ts';
import { HandlerProcess } from './handlerProcess.ts';

export interface ReloadingHandlersOptions {
  /** A module or a folder of modules. */
  readonly place: string;
  /** The folder in which the processes run. */
  readonly cwd: string;
  /** The environment of the processes, with the address of NATS. */
  readonly env: NodeJS.ProcessEnv;
  readonly guard: Guard;
  readonly writeLine: WriteLine;
}

const RESTART_AFTER_MS = 1_000;

/**
 * Runs a developer's handlers in a process of their own, and in a new one as soon as a file that they have loaded changes.
 * From then on the old process takes no more jobs, and finishes those that it runs with the code that they began with.
 */
export class ReloadingHandlers {
  readonly #options: ReloadingHandlersOptions;
  readonly #watch: FileWatch;
  readonly #processes = new Set<HandlerProcess>();
  #current: HandlerProcess | undefined;
  #restart: NodeJS.Timeout | undefined;
  #isStopping = false;

  constructor(options: ReloadingHandlersOptions) {
    this.#options = options;
    const folder = statSync(options.place).isDirectory() ? options.place : undefined;
    this.#watch = new FileWatch((file) => this.#changed(file), folder);
  }

  start(): void {
    this.#launch();
  }

  /** Resolves when all running jobs are finished. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#restart);
    this.#watch.stop();
    if (this.#processes.size > 0) this.#say('the handlers finish their running jobs; Ctrl-C again ends them at once');
    await Promise.all([...this.#processes].map((running) => running.drain()));
  }

  #changed(file: string): void {
    this.#say(`${path.basename(file)} has changed: the next jobs run the new code, running ones finish with the old`);
    void this.#current?.drain();
    this.#launch();
  }

  #launch(): void {
    clearTimeout(this.#restart);
    const { place, cwd, env, guard, writeLine } = this.#options;
    let isReady = false;
    const onLine = (line: string) => {
      const types = acceptedTypes(line);
      if (types !== undefined) this.#say(`handlers run: ${types.join(', ')}`);
      isReady ||= types !== undefined;
      writeLine('handlers', line);
    };
    const onLoaded = (file: string) => this.#watch.add(file);
    const launched = new HandlerProcess({ modules: modulesIn(place), cwd, env, guard, onLine, onLoaded });
    this.#current = launched;
    this.#processes.add(launched);
    void launched.ended.then((how) => this.#ended(launched, how, isReady));
  }

  /** A process that has never been ready would fail again: its code must change. */
  #ended(ended: HandlerProcess, how: string, wasReady: boolean): void {
    this.#processes.delete(ended);
    if (ended !== this.#current || this.#isStopping) return;
    this.#current = undefined;
    this.#say(
      `the handlers ended (${how}); ${wasReady ? 'starting them again' : 'waiting for a change of their code'}`,
    );
    if (wasReady) this.#restart = setTimeout(() => this.#launch(), RESTART_AFTER_MS);
  }

  #say(line: string): void {
    this.#options.writeLine('start', line);
  }
}

/** Files may come and go; a folder that is empty for a moment is waited for. */
function modulesIn(place: string): readonly string[] {
  try {
    return handlerModules(place);
  } catch {
    return [];
  }
}

/** Returns the job types in the line with which a worker begins. */
function acceptedTypes(line: string): readonly string[] | undefined {
  if (!line.includes('"accepting jobs"')) return undefined;
  try {
    const { types }: { types?: readonly string[] } = JSON.parse(line);
    return types;
  } catch {
    return undefined;
  }
}
