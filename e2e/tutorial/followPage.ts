import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { eventually, TestProcess } from '@jobstream/test-support';
import { missingLine } from '../docs/compareOutput.ts';
import { pageSteps, type CommandStep, type FileStep } from './pageSteps.ts';

/** Where a page is followed. */
export interface Reader {
  /** An existing folder, in which all terminals are. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  /** What this machine has in place of what the page names: an address, a base image. */
  readonly replacements: ReadonlyMap<string, string>;
}

/** The first start installs the servers. */
const PATIENCE_MS = 300_000;

/** How a shell ends after Ctrl-C: npx ends by the signal after the program that it has run, which may end with 0. */
const AFTER_CTRL_C: ReadonlySet<number | string> = new Set([0, 130, 'SIGINT']);

/**
 * Variables are carried on from one block of a terminal to its next. In an image build the packages come from a registry on this
 * machine.
 */
const PRELUDE = `
set -euo pipefail -o allexport
docker() { if [ "$1" = build ]; then command docker build --network host "\${@:2}"; else command docker "$@"; fi; }
if [ -f "$VARIABLES" ]; then . "$VARIABLES"; fi
trap 'code=$?; export -p > "$VARIABLES"; exit $code' EXIT`;

/**
 * Writes the files of a page and runs its commands, as a reader does.
 *
 * @throws Error when a command ends in another way, or prints something else, than the page says.
 */
export async function followPage(page: string, reader: Reader): Promise<void> {
  const adapted = [...reader.replacements].reduce((text, [from, to]) => text.replaceAll(from, to), page);
  await using terminals = new Terminals(reader);
  for (const step of pageSteps(adapted)) await ('file' in step ? write(step, reader) : terminals.type(step));
  await terminals.pressCtrlC();
}

async function write({ file, text }: FileStep, { folder }: Reader): Promise<void> {
  const place = path.join(folder, file);
  await mkdir(path.dirname(place), { recursive: true });
  await writeFile(place, text);
}

/** What runs in the terminals of a reader. */
class Terminals implements AsyncDisposable {
  readonly #reader: Reader;
  readonly #running = new Map<string, TestProcess>();

  constructor(reader: Reader) {
    this.#reader = reader;
  }

  /** Runs commands to their end, or until they have printed what the page says. */
  async type(step: CommandStep): Promise<void> {
    await this.pressCtrlC(step.terminal);
    const { folder: cwd } = this.#reader;
    const env = { ...this.#reader.env, VARIABLES: path.join(cwd, '..', `terminal-${step.terminal}`) };
    const args = ['-c', `${PRELUDE}\n${step.commands}`];
    const shell = new TestProcess('bash', { args, cwd, env, group: true, ipc: false });
    this.#running.set(step.terminal, shell);
    if (step.runsOn) return printed(step, shell);
    const code = await shell.ended;
    this.#running.delete(step.terminal);
    if (code !== step.exitCode) throw complaint(step, `it ended with ${code}`, shell);
    expectOutput(step, shell);
  }

  /** Ends what runs in one terminal, or in all, the latest first. */
  async pressCtrlC(only?: string): Promise<void> {
    for (const [terminal, shell] of [...this.#running].toReversed()) {
      if (only !== undefined && only !== terminal) continue;
      shell.kill('SIGINT');
      const code = await shell.ended;
      this.#running.delete(terminal);
      if (!AFTER_CTRL_C.has(code))
        throw new Error(`terminal ${terminal} ended with ${code} after Ctrl-C:\n${shell.output}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const shell of this.#running.values()) await shell[Symbol.asyncDispose]();
  }
}

async function printed(step: CommandStep, shell: TestProcess): Promise<void> {
  const ended = shell.ended.then((code) => Promise.reject(complaint(step, `it ended with ${code}`, shell)));
  await Promise.race([ended, eventually(() => expectOutput(step, shell), { timeoutMs: PATIENCE_MS })]);
}

function expectOutput(step: CommandStep, shell: TestProcess): void {
  const missing = missingLine(step.output, shell.output);
  if (missing !== undefined) throw complaint(step, `it did not print "${missing}"`, shell);
}

function complaint({ commands }: CommandStep, what: string, { output }: TestProcess): Error {
  return new Error(`${what}:\n${commands}\n---\n${output}`);
}
