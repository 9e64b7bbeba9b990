import assert from 'node:assert/strict';
import { cp } from 'node:fs/promises';
import path from 'node:path';
import { repositoryRoot } from '@jobstream/servers';
import type { RunningSystem } from '@jobstream/test-support';
import { installPythonPackage, PYTHON, PYTHON_PACKAGE } from '../harness/pythonPackage.ts';
import type { Check } from '../harness/runChecks.ts';
import { writeReadmePrograms } from './readmePrograms.ts';
import { runReadmeWorker } from './runReadmeWorker.ts';
import { checkDefinition } from './untilAnnounced.ts';
import { inFolder, succeeds } from './userProject.ts';

/** The package for Python: its types and tests, and the programs of its README in an empty project. */
export function pythonChecks(system: RunningSystem): readonly Check[] {
  const checks: readonly Check[] = [
    { name: 'the wheel for Python is built and installed', run: () => Promise.resolve() },
    { name: 'mypy finds the types of the Python package and of its users', run: checkPythonTypes },
    { name: 'the tests of the Python package', run: () => inFolder(testPython) },
    { name: 'Python runs the programs in its README', run: () => inFolder((folder) => runPython(folder, system)) },
  ];
  return checks.map(({ name, run }) => ({ name, run: () => installPythonPackage().then(run) }));
}

async function checkPythonTypes(): Promise<void> {
  const example = path.join(repositoryRoot, 'examples/python/worker.py');
  await succeeds(PYTHON, ['-m', 'mypy', 'src', 'tests'], { cwd: PYTHON_PACKAGE });
  await succeeds(PYTHON, ['-m', 'mypy', '--strict', example], { cwd: PYTHON_PACKAGE });
}

/** Outside of the sources: they run with the installed package. */
async function testPython(folder: string): Promise<void> {
  await cp(path.join(PYTHON_PACKAGE, 'tests'), path.join(folder, 'tests'), { recursive: true });
  await succeeds(PYTHON, ['-W', 'error', '-m', 'unittest', 'discover', '-s', 'tests', '-t', '.'], { cwd: folder });
}

async function runPython(folder: string, system: RunningSystem): Promise<void> {
  const programs = await writeReadmePrograms(path.join(PYTHON_PACKAGE, 'README.md'), 'python', folder);
  assert.deepEqual(
    programs.map(({ file }) => file),
    ['worker.py', 'producer.py', 'script.py', 'orders.py', 'approve.py'],
  );
  await succeeds(PYTHON, ['-m', 'mypy', '--strict', ...programs.map(({ file }) => file)], { cwd: folder });
  const [worker, producer, script, orders, approve] = programs.map(({ file, output }) => ({
    program: PYTHON,
    args: [file],
    output,
  }));
  await runReadmeWorker(worker, {
    folder,
    system,
    types: ['python-email', 'python-echo'],
    producers: [producer, script],
    whileItRuns: () => checkDefinition(system, 'python-email', 4),
  });
  await runReadmeWorker(orders, { folder, system, types: ['python-order'], producers: [approve] });
}
