import { copyFile, readFile } from 'node:fs/promises';
import path from 'node:path';
import { runProgram } from './runProgram.ts';
import type { WorkerUnderKit } from './workerUnderKit.ts';
import { repositoryRoot } from '@jobstream/servers';

const EXAMPLE = path.join(repositoryRoot, 'examples', 'python');
const ENVIRONMENT = path.join(repositoryRoot, '.data', 'conformance', 'python');
const PYTHON = path.join(ENVIRONMENT, 'bin', 'python');

export const PYTHON_SOURCE = path.join(EXAMPLE, 'worker.py');

export const pythonWorker: WorkerUnderKit = {
  name: 'python',
  prepare: async () => {
    if (!(await isInstalled())) await install();
    return pythonCommand(PYTHON_SOURCE);
  },
};

/** How a Python file is started with what the example requires. */
export function pythonCommand(file: string): string {
  return `'${PYTHON}' '${file}'`;
}

async function isInstalled(): Promise<boolean> {
  const [wanted, installed] = await Promise.all([EXAMPLE, ENVIRONMENT].map(requirementsIn));
  return wanted === installed;
}

/** The list is copied last, and tells from then on that the environment is whole. */
async function install(): Promise<void> {
  const requirements = path.join(EXAMPLE, 'requirements.txt');
  await runProgram('python3', ['-m', 'venv', '--clear', ENVIRONMENT]);
  await runProgram(PYTHON, ['-m', 'pip', 'install', '--quiet', '--requirement', requirements]);
  await copyFile(requirements, path.join(ENVIRONMENT, 'requirements.txt'));
}

function requirementsIn(folder: string): Promise<string | undefined> {
  return readFile(path.join(folder, 'requirements.txt'), 'utf8').catch(() => undefined);
}
