import path from 'node:path';
import { repositoryRoot } from '@jobstream/servers';
import { installPythonPackage, PYTHON } from '../harness/pythonPackage.ts';
import { runInstaller } from '../harness/runInstaller.ts';

const GO_SOURCE = path.join(repositoryRoot, 'examples', 'go');
const GO_BINARY = path.join(repositoryRoot, '.data', 'conformance', 'go-worker');
const PYTHON_SOURCE = path.join(repositoryRoot, 'examples', 'python', 'worker.py');

/** A worker of this repository: its name, and how to start it. */
export interface ExampleWorker {
  readonly name: string;
  /** Installs or builds what is missing and returns the command; rejects with one sentence when it cannot. */
  readonly prepare: () => Promise<string>;
}

export const exampleWorkers: readonly ExampleWorker[] = [
  {
    name: 'typescript',
    prepare: () => Promise.resolve(`${process.execPath} libs/worker/testing/conformanceWorker.ts`),
  },
  {
    name: 'python',
    prepare: async () => {
      await installPythonPackage();
      return pythonCommand();
    },
  },
  {
    name: 'go',
    prepare: async () => {
      await runInstaller('go', ['vet', '.'], GO_SOURCE);
      await runInstaller('go', ['build', '-o', GO_BINARY, '.'], GO_SOURCE);
      return `'${GO_BINARY}'`;
    },
  },
];

/** The command that starts the Python worker with the installed package. */
export function pythonCommand(): string {
  return `'${PYTHON}' '${PYTHON_SOURCE}'`;
}
