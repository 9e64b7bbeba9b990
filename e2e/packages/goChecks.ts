import assert from 'node:assert/strict';
import path from 'node:path';
import { repositoryRoot } from '@jobstream/servers';
import type { RunningSystem } from '@jobstream/test-support';
import { runInstaller } from '../harness/runInstaller.ts';
import type { Check } from '../harness/runChecks.ts';
import { writeReadmePrograms } from './readmePrograms.ts';
import { runReadmeWorker } from './runReadmeWorker.ts';
import { checkDefinition } from './untilAnnounced.ts';
import { inFolder, succeeds } from './userProject.ts';

const GO_PACKAGE = path.join(repositoryRoot, 'clients', 'go');
const GO_MODULE = 'github.com/jobstream/jobstream/clients/go';

/** The module for Go: its tests, and the programs of its README in an empty project. */
export function goChecks(system: RunningSystem): readonly Check[] {
  return [
    { name: 'go vet and the tests of the Go module', run: testGo },
    { name: 'Go runs the programs in its README', run: () => inFolder((folder) => runGo(folder, system)) },
  ];
}

async function testGo(): Promise<void> {
  await runInstaller('go', ['vet', './...'], GO_PACKAGE);
  await succeeds('go', ['test', './...'], { cwd: GO_PACKAGE });
}

async function runGo(folder: string, system: RunningSystem): Promise<void> {
  await runInstaller('go', ['version']);
  const programs = await writeReadmePrograms(path.join(GO_PACKAGE, 'README.md'), 'go', folder);
  assert.deepEqual(
    programs.map(({ file }) => file),
    ['worker/main.go', 'producer/main.go', 'orders/main.go', 'approve/main.go'],
  );
  const go = (...args: readonly string[]) => succeeds('go', args, { cwd: folder });
  await go('mod', 'init', 'example.com/app');
  await go('mod', 'edit', '-replace', `${GO_MODULE}=${GO_PACKAGE}`);
  await go('get', `${GO_MODULE}@v0.2.0`); // any version: the folder replaces all
  await go('vet', './...');
  await go('build', '-o', 'bin/', './...');
  const [worker, producer, orders, approve] = programs.map(({ file, output }) => ({
    program: path.join(folder, 'bin', path.dirname(file)),
    args: [],
    output,
  }));
  await runReadmeWorker(worker, {
    folder,
    system,
    types: ['go-email', 'go-echo'],
    producers: [producer],
    whileItRuns: () => checkDefinition(system, 'go-email', 4),
  });
  await runReadmeWorker(orders, { folder, system, types: ['go-order'], producers: [approve] });
}
