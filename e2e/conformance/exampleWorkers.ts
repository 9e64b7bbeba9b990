import { execFile } from 'node:child_process';
import { copyFile, readFile } from 'node:fs/promises';
import path from 'node:path';
import { repositoryRoot } from '@jobstream/servers';

const BUILD = path.join(repositoryRoot, '.data', 'conformance');
const GO_SOURCE = path.join(repositoryRoot, 'examples', 'go');
const GO_BINARY = path.join(BUILD, 'go-worker');
const PYTHON_EXAMPLE = path.join(repositoryRoot, 'examples', 'python');
const PYTHON_ENVIRONMENT = path.join(BUILD, 'python');
const PYTHON = path.join(PYTHON_ENVIRONMENT, 'bin', 'python');
const LIMIT_MS = 5 * 60_000;

export const PYTHON_SOURCE = path.join(PYTHON_EXAMPLE, 'worker.py');

/** A worker of this repository: its name, and how to start it. */
export interface ExampleWorker {
  readonly name: string;
  /** Installs or builds what is missing and returns the command; rejects with one sentence when it cannot. */
  readonly prepare: () => Promise<string>;
}

/** A program that a worker needs is not installed on this machine. */
export class NotInstalledError extends Error {
  readonly code = 'NOT_INSTALLED';

  constructor(program: string, options?: ErrorOptions) {
    super(`${program} is not installed here`, options);
    this.name = 'NotInstalledError';
  }
}

export const exampleWorkers: readonly ExampleWorker[] = [
  {
    name: 'typescript',
    prepare: () => Promise.resolve(`${process.execPath} libs/worker/testing/conformanceWorker.ts`),
  },
  {
    name: 'python',
    prepare: async () => {
      await installPython();
      return pythonCommand(PYTHON_SOURCE);
    },
  },
  {
    name: 'go',
    prepare: async () => {
      await runProgram('go', ['vet', '.'], GO_SOURCE);
      await runProgram('go', ['build', '-o', GO_BINARY, '.'], GO_SOURCE);
      return `'${GO_BINARY}'`;
    },
  },
];

/** The command that starts a Python file with the packages that the example requires. */
export function pythonCommand(file: string): string {
  return `'${PYTHON}' '${file}'`;
}

/** Makes the virtual environment of the Python example. Its list is copied last, and marks a complete environment. */
export async function installPython(): Promise<void> {
  const [wanted, installed] = await Promise.all([PYTHON_EXAMPLE, PYTHON_ENVIRONMENT].map(requirementsIn));
  if (wanted === installed) return;
  const requirements = path.join(PYTHON_EXAMPLE, 'requirements.txt');
  await runProgram('python3', ['-m', 'venv', '--clear', PYTHON_ENVIRONMENT]);
  await runProgram(PYTHON, ['-m', 'pip', 'install', '--quiet', '--requirement', requirements]);
  await copyFile(requirements, path.join(PYTHON_ENVIRONMENT, 'requirements.txt'));
}

function requirementsIn(folder: string): Promise<string | undefined> {
  return readFile(path.join(folder, 'requirements.txt'), 'utf8').catch(() => undefined);
}

/** Rejects with NotInstalledError, or with one sentence that ends in the last line that the program wrote. */
function runProgram(program: string, args: readonly string[], cwd = '.'): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(program, [...args], { timeout: LIMIT_MS, cwd }, (error, stdout, stderr) => {
      if (error === null) return resolve();
      if (error.code === 'ENOENT') return reject(new NotInstalledError(program, { cause: error }));
      const lastLine = (stderr || stdout).trim().split('\n').at(-1);
      reject(new Error(`${program} failed: ${lastLine || error.message}`, { cause: error }));
    });
  });
}
